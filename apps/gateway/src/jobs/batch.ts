import { jsonElements, type Steps } from '@foreman/ollama-client'
import { problem, Refusal } from '../http/refusal.ts'
import type { Candidate } from '../intake/admission.ts'
import type { BatchRefusal } from '../intake/batch-refusal.ts'

export const MAX_JOBS_OF_A_BATCH = 10_000

const LINE_FEED = 0x0a
const SPACE = 0x20

/** The submissions of a batch. In JSON Lines, each has the number of its line. Undefined: the work may pause here. */
type Submissions = Iterable<{ readonly bytes: Buffer; readonly line?: number } | undefined>

/**
 * Reads the jobs of a batch.
 *
 * @param contentType says whether the body is JSON Lines or a JSON array
 * @param read reads one submission
 * @returns the jobs, and a function that adds the place of a job to a refusal
 * @throws Refusal. If one of the submissions is wrong, it has the `index` of that, and its `line` in JSON Lines
 */
export const readBatch = function* (
  body: Buffer,
  contentType: string,
  read: (bytes: Buffer) => Steps<Candidate>,
): Steps<{ jobs: Candidate[]; refusalOf: (refused: BatchRefusal) => Refusal }> {
  const jobs: Candidate[] = []
  const lines: (number | undefined)[] = []
  const refusalOf = ({ index, refusal }: BatchRefusal): Refusal => withPlace(refusal, index, lines[index])
  for (const submission of submissionsIn(body, contentType)) {
    yield
    if (!submission) continue
    const { bytes, line } = submission
    if (jobs.length === MAX_JOBS_OF_A_BATCH)
      throw problem(413, 'too_many_jobs', `a batch has ${MAX_JOBS_OF_A_BATCH} jobs at the most`)
    lines.push(line)
    try {
      jobs.push(yield* read(bytes))
    } catch (error) {
      throw error instanceof Refusal ? withPlace(error, jobs.length, line) : error
    }
  }
  if (jobs.length === 0) throw problem(422, 'invalid_request', 'the batch has no jobs')
  return { jobs, refusalOf }
}

const submissionsIn = (body: Buffer, contentType: string): Submissions => {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
  if (type === 'application/x-ndjson' || type === 'application/jsonl') return linesOf(body)
  if (type === 'application/json') return elementsOf(body)
  throw problem(
    415,
    'unsupported_media_type',
    'a batch is application/x-ndjson, application/jsonl or application/json',
  )
}

const linesOf = function* (body: Buffer): Submissions {
  let line = 0
  for (let start = 0; start < body.length; line++) {
    const feed = body.indexOf(LINE_FEED, start)
    const end = feed === -1 ? body.length : feed
    while (start < end && body[start]! <= SPACE) start++
    yield start < end ? { bytes: body.subarray(start, end), line: line + 1 } : undefined
    start = end + 1
  }
}

const elementsOf = function* (body: Buffer): Submissions {
  const elements = jsonElements(body)
  for (;;) {
    const { value, done } = elements.next()
    if (!done) yield value && { bytes: value }
    else if (value) return
    else throw problem(400, 'invalid_request', 'the batch is not a JSON array')
  }
}

const withPlace = (
  { status, message, headers, code, members }: Refusal,
  index: number,
  line: number | undefined,
): Refusal => {
  const place = line === undefined ? `job ${index}` : `line ${line}`
  const where = line === undefined ? { index } : { index, line }
  return new Refusal(status, `${place}: ${message}`, { headers, code, members: { ...members, ...where } })
}
