import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newPool } from './caller.ts'
import { queueDirectory, startGateway, startWorker } from './installation.ts'
import { postJson } from './post-json.ts'
import { startProcess } from './processes.ts'

const POLL_MS = 5
const TIMEOUT_MS = 120_000
/** Nobody listens here. While the target is away no job runs, and the worker only sends webhooks. */
const NO_TARGET = 'http://127.0.0.1:9'
/** A message has the metadata of its job. */
const METADATA = { text: 'x'.repeat(300) }

export interface WebhookCase {
  readonly receivers: number
  /** Whether one of them never answers. */
  readonly withDead: boolean
  readonly messages: number
}

export interface WebhookRateOptions extends WebhookCase {
  /** The checkout whose gateway and worker run. Default: this one. */
  readonly root?: string | undefined
  /** Where the queue is. */
  readonly directory: string
}

/**
 * Stores webhooks for receivers in another process, the same number for each, and starts a worker.
 *
 * @returns how many webhooks a second reached the receivers that are alive
 */
export const measureWebhooks = async (options: WebhookRateOptions): Promise<number> => {
  const { root, receivers, withDead, messages } = options
  const directory = queueDirectory(options.directory)
  const receiving = await startProcess({
    name: 'receivers',
    file: 'bench/receivers.ts',
    args: [String(receivers), withDead ? 'yes' : 'no'],
    ready: /receivers: ([^;]+);/,
  })
  const urls = receiving.said.split(' ')
  const env = {
    FOREMAN_ADDR: '127.0.0.1:0',
    FOREMAN_OLLAMA_URL: NO_TARGET,
    FOREMAN_DB_PATH: path.join(directory, 'queue.db'),
    FOREMAN_WEBHOOK_SECRET: 'bench',
    FOREMAN_WEBHOOK_ALLOW: '127.0.0.1',
    FOREMAN_SHUTDOWN_GRACE: '0s',
  }
  await submit({ root, env, urls, messages })
  const expected = withDead ? messages - Math.floor(messages / receivers) : messages
  const received = async () => Number(await (await fetch(urls[0] ?? '')).text())
  const worker = await startWorker({ root, env })
  // Measured from the first webhook on: before it the worker is still starting.
  const first = await atLeast(1, received)
  const startedAt = performance.now()
  await atLeast(expected, received)
  const rate = (expected - first) / ((performance.now() - startedAt) / 1_000)
  await Promise.all([worker.stop(), receiving.stop()])
  fs.rmSync(directory, { recursive: true })
  return rate
}

interface Submission {
  readonly root: string | undefined
  readonly env: Readonly<Record<string, string>>
  readonly urls: readonly string[]
  readonly messages: number
}

/** Submits jobs over HTTP, one for each message, because only the store of the same checkout can write its queue. */
const submit = async ({ root, env, urls, messages }: Submission): Promise<void> => {
  const gateway = await startGateway({ root, env })
  const jobs = Array.from({ length: messages }, (_, at) => ({
    request: { model: 'plain', prompt: 'x' },
    metadata: METADATA,
    webhook: { url: urls[at % urls.length], events: ['job.queued'] },
  }))
  const pool = newPool()
  const body = jobs.map(job => JSON.stringify(job)).join('\n')
  await postJson(`${gateway.said}/jobs/batch`, body, 'application/x-ndjson', pool)
  pool.destroy()
  await gateway.stop()
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
