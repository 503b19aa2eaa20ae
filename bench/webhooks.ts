import { openStore } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { queueDirectory, type Simulation } from './installation.ts'
import { startProcess } from './processes.ts'

const POLL_MS = 5
const LONGEST_MS = 120_000

export interface WebhookFigures {
  readonly receivers: number
  readonly withDead: boolean
  /** Messages a second that arrived at those that are alive. */
  readonly rate: number
}

/** So many messages wait for receivers in another process, a share for each, and a worker is started. */
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
  const jobs = Array.from({ length: messages }, (_, at) => ({
    path: '/api/generate',
    endpoint: '/api/generate',
    model: 'plain',
    modelName: 'plain:latest',
    loadOptions: '{}',
    groupKey: 'plain',
    streaming: false,
    headers: [],
    body: Buffer.from('{}'),
    caller: 'default',
    priority: 'normal' as const,
    webhook: { url: urls[at % receivers] ?? '', events },
  }))
  const submitted = store.submissions.enqueueAll(jobs, Date.now())
  // Only the messages are to be measured.
  for (const job of submitted) store.submissions.cancel(job, Date.now(), LONGEST_MS * 10)
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
    ready: /(at work)/,
  })
  const startedAt = performance.now()
  const already = await received()
  while ((await received()) < expected) {
    if (performance.now() - startedAt > LONGEST_MS) throw new Error('the webhooks do not arrive')
    await delay(POLL_MS)
  }
  const rate = (expected - already) / ((performance.now() - startedAt) / 1_000)
  await Promise.all([worker.stop(), receiving.stop()])
  store.close()
  fs.rmSync(directory, { recursive: true })
  return { receivers, withDead, rate }
}
