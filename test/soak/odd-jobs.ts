import { generatingEndpoints } from '@foreman/ollama-client'
import Database from 'better-sqlite3'
import { play } from './connection.ts'
import type { Dice } from './dice.ts'
import { answersIn, NotHttpError, type WireAnswer } from './http-answers.ts'
import type { Installation } from './installation.ts'
import type { Allowed } from './odd-answer.ts'
import { answersAreKnown, markIn, markOf, type OddTarget } from './odd-target.ts'
import { isSoak } from './options.ts'
import { targetKinds } from './target-kinds.ts'

/** A request that the target answers oddly. */
export interface Run {
  readonly kind: number
  readonly run: string
  readonly path: string
  readonly stream: boolean
  /** Through /jobs; otherwise a caller waits. */
  readonly isBackground: boolean
}

const MODEL = 'plain'
const endpoints = generatingEndpoints.filter(({ path }) => answersAreKnown(path))
/** Long enough for all attempts of a job that is not long. */
const PATIENCE_MS = 90_000
const SHORT_PATIENCE_MS = isSoak ? 3_000 : 1_000

const requestBody = ({ kind, run, path, stream }: Run): string => {
  const prompt = generatingEndpoints.find(endpoint => endpoint.path === path)?.prompt ?? 'input'
  const text = markOf(kind, run)
  const said = prompt === 'messages' ? [{ role: 'user', content: text }] : text
  return JSON.stringify({ model: MODEL, max_tokens: 5, stream, [prompt]: said })
}

const isLong = ({ kind }: Run): boolean => targetKinds[kind]?.[1].allowed.isLong === true

const httpRequest = (method: string, path: string, body: string): Buffer =>
  Buffer.from(
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )

const nameOf = ({ kind, path, stream, isBackground }: Run): string =>
  `${targetKinds[kind]?.[0]}, ${path}, ${stream ? 'streaming' : 'not streaming'}${isBackground ? ', in the background' : ''}`

/** A run on some route, streaming or not, waited for or not. */
export const runOf = (dice: Dice, kind: number, round: string): Run => ({
  kind,
  run: `${round}x${kind}`,
  path: dice.pick(endpoints).path,
  stream: dice.chance(0.5),
  isBackground: dice.chance(0.5),
})

/** So many runs of each kind. */
export const runsOf = (dice: Dice, perKind: number): readonly Run[] =>
  Array.from({ length: perKind }, (_, round) =>
    targetKinds.map((_kind, kind) => runOf(dice, kind, String(round))),
  ).flat()

/** Asks, and waits unless the job is long. @returns what is wrong with what came back */
export const ask = async ({ url }: Installation, run: Run): Promise<string | undefined> => {
  const request = requestBody(run)
  const deadline = new Date(Date.now() + SHORT_PATIENCE_MS).toISOString()
  const submission = `{"endpoint":"${run.path}","request":${request}${isLong(run) ? `,"deadline":"${deadline}"` : ''}}`
  const bytes = run.isBackground
    ? httpRequest('POST', '/jobs', submission)
    : httpRequest('POST', run.path, request)
  const said = await play(url, [{ bytes }], isLong(run) ? SHORT_PATIENCE_MS : PATIENCE_MS)
  if (!said.isClosed) return isLong(run) ? undefined : `${nameOf(run)}: no end in ${PATIENCE_MS} ms`
  const fault = answerFault(said.bytes, answers =>
    answers.length === 1 && (!run.isBackground || answers[0]?.status === 202)
      ? undefined
      : `${answers.length} answers, ${answers[0]?.status}`,
  )
  return fault && `${nameOf(run)}: ${fault}`
}

/** An odd target answers on the direct lane. @returns what is wrong with what foreman makes of that */
export const askDirectly = async (
  { url }: Installation,
  { kind, run, method, path }: { kind: number; run: string; method: string; path: string },
): Promise<string | undefined> => {
  const mark = markOf(kind, run)
  const bytes =
    method === 'GET'
      ? httpRequest(method, `${path}?${mark}`, '')
      : httpRequest(method, path, JSON.stringify({ model: MODEL, input: mark, prompt: mark, name: mark }))
  const { bytes: answer } = await play(url, [{ bytes }], SHORT_PATIENCE_MS)
  const fault = answerFault(answer, answers =>
    /internal error|node_modules/.test(answers.map(({ body }) => body.toString('latin1', 0, 1_000)).join())
      ? "an error of foreman's own"
      : undefined,
  )
  return fault && `${targetKinds[kind]?.[0]}, ${method} ${path}: ${fault}`
}

/** Makes foreman ask the target about a model. */
export const askUnknownModel = async ({ url }: Installation, kind: number): Promise<void> => {
  const body = JSON.stringify({ model: `unknown-${kind}`, prompt: 'innocent', stream: false })
  await play(url, [{ bytes: httpRequest('POST', '/api/generate', body) }], SHORT_PATIENCE_MS)
}

const answerFault = (
  bytes: Buffer,
  judge: (answers: readonly WireAnswer[]) => string | undefined,
): string | undefined => {
  try {
    return judge(answersIn(bytes))
  } catch (error) {
    if (error instanceof NotHttpError) return error.message
    throw error
  }
}

interface EndedJob {
  readonly state: string
  readonly error_code: string | null
  readonly body: Buffer
  /** How many attempts took too long. */
  readonly timeouts: number
}

const JOBS = `SELECT state, error_code, body,
  (SELECT count(*) FROM job_log WHERE job_seq = seq AND kind = 'event'
    AND json_extract(CAST(bytes AS TEXT), '$.code') IN ('job_timeout', 'stall')) AS timeouts
  FROM jobs JOIN job_requests ON job_requests.job_seq = seq`

const isAllowed = ({ ends }: Allowed, { state, error_code }: EndedJob): boolean => {
  if (state === 'cancelled') return true
  if (error_code === 'internal_error' || error_code === 'worker_lost') return false
  return ends === undefined || ends.some(end => end === (state === 'succeeded' ? state : error_code))
}

/** Compares how the jobs ended, and how often each was generated, with what the table says. */
export const jobFaults = (
  { dbPath }: Installation,
  target: OddTarget,
  runs: readonly Run[],
): readonly string[] => {
  const db = new Database(dbPath, { readonly: true })
  const rows = db.prepare(JOBS).all() as EndedJob[]
  db.close()
  const ended = new Map(rows.map(row => [markIn(row.body.toString('latin1'))?.run, row]))
  return runs.flatMap(run => {
    const allowed = targetKinds[run.kind]?.[1].allowed ?? { generations: 0 }
    const job = ended.get(run.run)
    const generations = target.generations(run.run)
    if (!job) return [`${nameOf(run)}: no job`]
    const how = `${job.state} ${job.error_code ?? ''}, generated ${generations} times`
    // On a busy machine a large answer that is right may take too long, and is then asked for again.
    const repeats = job.state === 'succeeded' ? job.timeouts : 0
    return isAllowed(allowed, job) && generations <= allowed.generations + repeats
      ? []
      : [`${nameOf(run)}: ${how}`]
  })
}
