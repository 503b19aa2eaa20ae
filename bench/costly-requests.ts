import type { Costly } from './sender.ts'

const MB = 1_000_000
const BODY_BYTES = 90 * MB
const BATCH_BYTES = 30 * MB
const BATCH_JOBS = 10_000

const json = { 'Content-Type': 'application/json' }
const lines = { 'Content-Type': 'application/x-ndjson' }
const NO_WAIT = { Prefer: 'respond-async' }

export interface Kind {
  readonly what: string
  /** A request whose answer the kind needs, sent before. */
  readonly submit?: object
  readonly costly: (url: string, jobId: string | undefined) => Costly
}

const post = (path: string, body: NonNullable<Costly['body']>, more: Partial<Costly> = {}) => {
  const headers = { ...json, ...more.headers }
  return (url: string): Costly => ({ ...more, url: `${url}${path}`, method: 'POST', headers, body })
}

const filled = (before: string, unit: string, after: string, bytes = BODY_BYTES) => ({
  before,
  unit,
  bytes,
  after,
})
const request = '{"model":"m","prompt":"x"'

/** Each kind of request that costs much, with the numbers of the default settings. */
export const kinds: readonly Kind[] = [
  {
    what: 'nothing',
    costly: url => ({ url: `${url}/healthz`, method: 'GET', headers: {} }),
  },
  {
    what: '90 MB of images',
    costly: post('/api/generate', filled(`${request},"images":["`, 'A', '"]}'), { headers: NO_WAIT }),
  },
  {
    what: '90 MB of small JSON values',
    costly: post('/api/generate', filled(`${request},"a":[`, '{},', '0]}'), { headers: NO_WAIT }),
  },
  {
    what: '90 MB of escaped text, with a key',
    costly: post('/api/generate', filled('{"model":"m","prompt":"', '\\"', '"}'), {
      headers: { ...NO_WAIT, 'Idempotency-Key': String(process.pid) },
    }),
  },
  {
    what: '90 MB of fields in a job',
    costly: post('/jobs', filled(`{"request":${request}`, ',"a":1', '}}')),
  },
  {
    what: '90 MB of embeddings',
    costly: post('/api/embed', filled('{"model":"m","input":["', 'A', '"]}')),
  },
  {
    what: '20 uploads of 90 MB that do not end',
    costly: post('/api/generate', filled(`${request},"images":["`, 'A', '"]}'), {
      copies: 20,
      leaveAfterMs: 3_000,
    }),
  },
  {
    what: 'a batch of 10,000 jobs',
    costly: post(
      '/jobs/batch',
      filled('', `{"request":${request}}}\n`, '', BATCH_JOBS * `{"request":${request}}}\n`.length),
      { headers: lines },
    ),
  },
  {
    what: 'a batch of 30 MB with 30 jobs',
    costly: post(
      '/jobs/batch',
      filled('', `{"request":${request},"images":["${'A'.repeat(MB)}"]}}\n`, '', BATCH_BYTES),
      { headers: lines },
    ),
  },
  {
    what: 'a job whose answer has 30 MiB',
    submit: { request: { model: 'm', prompt: 'large', stream: false } },
    costly: (url, id) => ({ url: `${url}/jobs/${id}`, method: 'GET', headers: {} }),
  },
  {
    what: '40 readers of a job whose answer has 30 MiB',
    submit: { request: { model: 'm', prompt: 'large', stream: false } },
    costly: (url, id) => ({ url: `${url}/jobs/${id}`, method: 'GET', headers: {}, copies: 40 }),
  },
  {
    what: 'the retry of a job of 90 MB',
    submit: { request: { model: 'm', prompt: 'x', images: ['A'.repeat(BODY_BYTES)] } },
    costly: (url, id) => ({ url: `${url}/jobs/${id}/retry`, method: 'POST', headers: {} }),
  },
  {
    what: 'a list of 500 jobs with metadata',
    costly: url => ({ url: `${url}/jobs?limit=500`, method: 'GET', headers: {} }),
  },
]
