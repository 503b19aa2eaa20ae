import { endStates } from '@foreman/jobs'
import { setTimeout as delay } from 'node:timers/promises'
import { startGatewayProcess, startWorkerProcess } from '../harness/processes.ts'

/** The processes that run at present; each is replaced when it is killed. */
export interface Running {
  gateway: Awaited<ReturnType<typeof startGatewayProcess>>
  worker: ReturnType<typeof startWorkerProcess>
}

type Variables = Parameters<typeof startWorkerProcess>[0]

export const startBoth = async (variables: Variables): Promise<Running> => ({
  gateway: await startGatewayProcess(variables),
  worker: startWorkerProcess(variables),
})

/** Kills one of both with SIGKILL at a random moment and starts it anew, so many times. */
export const killAtRandom = async (running: Running, variables: Variables, kills: number): Promise<void> => {
  for (let kill = 0; kill < kills; kill++) {
    await delay(Math.random() * 250)
    if (Math.random() < 0.5) {
      running.worker.kill('SIGKILL')
      await running.worker.ended
      running.worker = startWorkerProcess(variables)
    } else {
      running.gateway.kill('SIGKILL')
      await running.gateway.ended
      running.gateway = await startGatewayProcess(variables)
    }
  }
}

/** SQL: how many events in the log of a row of `jobs` end it. */
export const ENDS = `(SELECT count(*) FROM job_log WHERE job_seq = jobs.seq AND kind = 'event'
  AND json_extract(CAST(bytes AS TEXT), '$.type') IN (${endStates.map(state => `'${state}'`).join()}))`
