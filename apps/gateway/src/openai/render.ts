import { jobError } from '@foreman/job-view'
import { isEndState } from '@foreman/jobs'
import { dialects } from '@foreman/ollama-client'
import type { BatchLine, BatchRow, JobRecord, Store } from '@foreman/store'
import { onOneLine } from '../http/on-one-line.ts'
import { whenAvailable } from '../http/when-available.ts'
import type { JobPresenter } from '../jobs/presenter.ts'
import type { RenderedKind } from './describe.ts'

/** How many lines of a batch are read at a time. */
const LINES_PER_READ = 100

export interface RenderOptions {
  readonly store: Store
  readonly presenter: JobPresenter
}

/** The JSON of a line, in parts. */
type Parts = AsyncIterable<string | Uint8Array> | Iterable<string>

/**
 * Renders the output or the errors of a batch from its jobs, as OpenAI writes them. Of a batch that has not ended it renders what
 * there is. Jobs that are deleted are left out.
 */
export const renderedFile = async function* (
  batch: BatchRow,
  kind: RenderedKind,
  options: RenderOptions,
): AsyncGenerator<string | Uint8Array, void> {
  const { store } = options
  for (let last = 0; ;) {
    const after = last
    const lines = await whenAvailable(() => store.batches.lines(batch, after, LINES_PER_READ))
    for (const line of lines) {
      const { jobSeq } = line
      const job = jobSeq === null ? undefined : await whenAvailable(() => store.records.bySeq(jobSeq))
      const parts = kind === 'output' ? output(line, job, options) : errors(line, job, options)
      if (!parts) yield ''
      else {
        yield* parts
        yield '\n'
      }
    }
    const end = lines.at(-1)
    if (!end) return
    last = end.line
  }
}

const output = (
  { customId }: BatchLine,
  job: JobRecord | undefined,
  { presenter }: RenderOptions,
): Parts | undefined => {
  if (job?.state !== 'succeeded') return undefined
  return (async function* () {
    using answer = await presenter.answerOf(job)
    const about = { id: requestId(job), custom_id: customId }
    if (!answer.json) {
      const error = { code: 'result_omitted', message: answer.omitted ?? 'there is no answer' }
      yield JSON.stringify({ ...about, response: null, error })
      return
    }
    const response = { status_code: job.statusCode ?? 200, request_id: job.id }
    yield `${JSON.stringify(about).slice(0, -1)},"response":${JSON.stringify(response).slice(0, -1)},"body":`
    for await (const bytes of answer.json) yield onOneLine(bytes)
    yield '},"error":null}'
  })()
}

const errors = (line: BatchLine, job: JobRecord | undefined, options: RenderOptions): Parts | undefined => {
  if (line.jobSeq === null) {
    const error = { code: line.errorCode, message: line.errorMessage, line: line.line }
    const id = `batch_req_line_${line.line}`
    return [JSON.stringify({ id, custom_id: line.customId, response: null, error })]
  }
  if (!job || !isEndState(job.state) || job.state === 'succeeded') return undefined
  return errorOfJob(line, job, options)
}

/** OpenAI's codes for what happens to a whole batch. */
const codes: Readonly<Record<string, string>> = {
  deadline_exceeded: 'batch_expired',
  cancelled: 'batch_cancelled',
}

const errorOfJob = async function* (
  { customId }: BatchLine,
  job: JobRecord,
  { presenter }: RenderOptions,
): AsyncGenerator<string, void> {
  using answer = await presenter.answerOf(job)
  const { code, message, status } = jobError(job, answer)
  const about = { id: requestId(job), custom_id: customId }
  if (status === undefined) {
    yield JSON.stringify({ ...about, response: null, error: { code: codes[code] ?? code, message } })
    return
  }
  const body = JSON.parse(Buffer.from(dialects.openai.error(status, message).body).toString()) as object
  const response = { status_code: status, request_id: job.id, body }
  yield JSON.stringify({ ...about, response, error: null })
}

const requestId = ({ id }: JobRecord): string => `batch_req_${id.slice('job_'.length)}`
