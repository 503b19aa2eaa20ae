import type { OutputRead, Store, Submitted } from '@foreman/store'
import { appendOutput, claimNext } from '@foreman/store/testing'

const NDJSON = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] } as const

/** Runs the oldest job of the group `m`, as a worker does, to a whole answer with this body. */
export const runJob = async (
  store: Store,
  body: string | Buffer,
  head: Parameters<typeof appendOutput>[2]['head'] = NDJSON,
) => {
  const claim = (await claimNext(store))!
  await appendOutput(store, claim, { head, body: Buffer.from(body) })
  await store.runs.finish(
    claim,
    { state: 'succeeded', answerAttempt: claim.attempt, statusCode: 200 },
    { now: 2_000, ttlMs: 3_600_000 },
  )
}

/** What is read of the first attempt of a running job: its head and one piece of the body. The next look follows at once. */
export const firstOutput = ({ id }: Submitted, token: string, body: string): OutputRead => ({
  job: {
    id,
    state: 'running',
    attempt: 1,
    token,
    answerAttempt: null,
    createdAt: 0,
    startedAt: 0,
    startReason: null,
    behindModel: null,
    behindSince: null,
    errorCode: null,
    errorMessage: null,
  },
  cursor: { attempt: 1, token, after: 2 },
  pieces: [
    { id: 1, kind: 'head', head: NDJSON },
    { id: 2, kind: 'body', bytes: Buffer.from(body) },
  ],
  more: true,
})
