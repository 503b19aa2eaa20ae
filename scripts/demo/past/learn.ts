import { startSim } from '@foreman/ollama-sim'
import { type Environment, readSettings } from '@foreman/process'
import { workerSettings } from '@foreman/worker/settings'
import { createContext } from '@foreman/worker/testing'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { MODELS, simOptions } from '../models.ts'

/** Lets a worker learn of the models, so that the jobs of the past have the groups of those that follow. */
export const learnModels = async (env: Environment): Promise<void> => {
  const sim = await startSim(simOptions(1))
  const config = readSettings(workerSettings, {
    command: 'npm run demo --',
    summary: '',
    argv: [],
    env: { ...env, FOREMAN_OLLAMA_URL: sim.url, FOREMAN_SHUTDOWN_GRACE: '0' },
  })
  const context = await createContext(config, {
    logger: pino({ enabled: false }),
    pid: process.pid,
  })
  context.worker.start()
  const isKnown = async () => {
    const { catalogue } = context.store
    return (
      (await catalogue.list(9)).length === Object.keys(MODELS).length &&
      (await catalogue.unasked()).length === 0
    )
  }
  while (!(await isKnown())) await delay(50)
  await context.close()
  await sim.close()
}
