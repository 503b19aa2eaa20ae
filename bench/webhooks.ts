import { openStore } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { queueDirectory, type Simulation } from './installation.ts'
import { newJob } from './new-job.ts'
import { startProcess } from './processes.ts'

const POLL_MS = 5
const TIMEOUT_MS = 120_000

export interface WebhookFigures {
  readonly receivers: number
  readonly withDead: boolean
  /** Webhooks a second that reached the receivers that are alive. */
  readonly rate: number
}

/** Stores webhooks for receivers in another process, the same number for each, and starts a worker. */
export const measureWebhooks = async (
  simulation: Simulation,
  parent: string,
  { receivers, withDead, messages }: { receivers: number; withDead: boolean; messages: number },
): Promise<WebhookFigures> => {
  const directory = queueDirectory(parent)
  const receiving = await startProcess({
    name: 'receivers',
    file: 'bench/receivers.ts',
    args: [String(receivers), withDead ? 'yes' : 'no'],
    ready: /receivers: ([^;]+);/,
  })
  const urls = receiving.said.split(' ')
  const dbPath = path.join(directory, 'queue.db')
  const store = openStore(dbPath, {
    busyTimeoutMs: 5_000,
    compose: ({ event, job }) =>
      JSON.stringify({ type: event, data: { job: { id: job.id, text: 'x'.repeat(300) } } }),
  })
  const events = ['job.queued'] as const
  const jobs = Array.from({ length: messages }, (_, at) =>
    newJob({ webhook: { url: urls[at % receivers] ?? '', events } }),
  )
  const submitted = store.submissions.enqueueAll(jobs, Date.now())
  // Without jobs to run, the worker only sends webhooks.
  for (const job of submitted) store.submissions.cancel(job, Date.now(), TIMEOUT_MS * 10)
  const expected = withDead ? messages - Math.floor(messages / receivers) : messages
  const received = async () => Number(await (await fetch(urls[0] ?? '')).text())
  const worker = await startProcess({
    name: 'worker',
    file: 'apps/worker/src/main.ts',
    env: {
      FOREMAN_OLLAMA_URL: simulation.url,
      FOREMAN_DB_PATH: dbPath,
      FOREMAN_WEBHOOK_SECRET: 'bench',
      FOREMAN_WEBHOOK_ALLOW: '127.0.0.1',
      FOREMAN_SHUTDOWN_GRACE: '0s',
    },
    ready: /(foreman worker)/,
  })
  // Measured from the first webhook on: before it the worker is still starting.
  const first = await atLeast(1, received)
  const startedAt = performance.now()
  await atLeast(expected, received)
  const rate = (expected - first) / ((performance.now() - startedAt) / 1_000)
  await Promise.all([worker.stop(), receiving.stop()])
  store.close()
  fs.rmSync(directory, { recursive: true })
  return { receivers, withDead, rate }
}

const atLeast = async (count: number, received: () => Promise<number>): Promise<number> => {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const now = await received()
    if (now >= count) return now
    if (performance.now() > deadline) throw new Error('the webhooks do not arrive')
    await delay(POLL_MS)
  }
}
