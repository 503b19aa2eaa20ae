import { type BatchRow, type FileRow, type RefusedLine } from '@foreman/store'
import type { Request, Response } from 'express'
import { whoOf } from '../access/roles.ts'
import { senderOf } from '../access/sender.ts'
import type { Context } from '../context.ts'
import { CallerLeftError } from '../http/caller-left.ts'
import { leaveWhenHalfClosed } from '../http/half-closed.ts'
import { priorityOf, priorityWithin } from '../http/priority.ts'
import { Refusal } from '../http/refusal.ts'
import { inSlices, TimeSlice } from '../http/slices.ts'
import { whenAvailable } from '../http/when-available.ts'
import { type Admission, type Candidate, kindOf } from '../intake/admission.ts'
import { type Lot, Lots } from '../intake/arrival.ts'
import { MAX_JOBS_OF_A_BATCH } from '../jobs/batch.ts'
import type { BatchRequest } from './batch-request.ts'
import { linesIn, partsOf } from './file-lines.ts'
import { type LineOptions, readLine } from './read-line.ts'

export type CreateContext = Pick<
  Context,
  'store' | 'intake' | 'admission' | 'maxBodyBytes' | 'sharing' | 'now'
>

/**
 * Makes a batch of a file. It reads the file line by line, and submits the jobs in steps; nothing of it is there before all are. If
 * the caller leaves before, nothing ever is: it has no name for the batch, and will ask again.
 *
 * @throws Refusal
 * @throws CallerLeftError
 */
export const createBatch = async (
  asked: BatchRequest,
  file: FileRow,
  { request, response, context }: { request: Request; response: Response; context: CreateContext },
): Promise<BatchRow> => {
  leaveWhenHalfClosed(response)
  const { intake, store, sharing, now } = context
  const { caller, priority: ofToken } = whoOf(response)
  const { endpoint, completionWindow, windowMs, metadata } = asked
  const isUrgencySaid = request.headers['x-foreman-priority'] !== undefined
  const priority = isUrgencySaid ? priorityOf(request, ofToken) : (priorityWithin('low', ofToken) ?? 'low')
  const createdAt = now()
  const options: LineOptions = {
    endpoint,
    common: { caller, priority, deadlineAt: createdAt + windowMs },
    senderFor: user => senderOf(request, { caller, user }, sharing),
    names: new Set(),
  }
  const origin = { endpoint: endpoint.path, inputFile: file.seq, completionWindow, metadata }
  const id = await intake.submitLots(lotsOf(file, response, options, context), { caller, createdAt, origin })
  const batch = await whenAvailable(() => store.batches.byId(id))
  if (!batch) throw new Error(`batch ${id} is not there`)
  return batch
}

const lotsOf = async function* (
  file: FileRow,
  response: Response,
  options: LineOptions,
  { store, admission, maxBodyBytes }: CreateContext,
): AsyncGenerator<Lot, void> {
  const lots = new Lots()
  const verdicts = new Verdicts(admission)
  const slice = new TimeSlice()
  let count = 0
  for await (const { line, bytes } of linesIn(partsOf(file, store), maxBodyBytes)) {
    if (response.destroyed) throw new CallerLeftError('the caller left')
    if (++count > MAX_JOBS_OF_A_BATCH)
      throw new Refusal(400, `the file has more than ${MAX_JOBS_OF_A_BATCH} lines`)
    if (slice.isOver) await slice.rest()
    const read = bytes
      ? await inSlices(readLine(line, bytes, options))
      : { refused: tooLong(line, maxBodyBytes) }
    const refusal = 'job' in read ? await verdicts.of(read.job) : undefined
    const refused = 'refused' in read ? read.refused : refusal && { ...read.job.line!, ...refusal }
    const full = refused ? lots.refuse(refused) : lots.add((read as { job: Candidate }).job)
    if (full) yield full
  }
  if (count === 0) throw new Refusal(400, 'the file has no lines')
  yield lots.rest()
}

const tooLong = (line: number, maxBytes: number): RefusedLine => ({
  line,
  errorCode: 'line_too_long',
  errorMessage: `the line has more than ${maxBytes} bytes`,
})

type Verdict = Pick<RefusedLine, 'errorCode' | 'errorMessage'> | undefined

/** Whether the target would take jobs. Of jobs that it would judge alike, it is asked about the first. */
class Verdicts {
  readonly #admission: Admission
  readonly #known = new Map<string, Verdict>()

  constructor(admission: Admission) {
    this.#admission = admission
  }

  /** @throws Refusal that is not about the job */
  async of(job: Candidate): Promise<Verdict> {
    const kind = kindOf(job)
    if (!this.#known.has(kind)) this.#known.set(kind, await this.#ask(job))
    return this.#known.get(kind)
  }

  async #ask(job: Candidate): Promise<Verdict> {
    try {
      await this.#admission.ensureAcceptable(job)
      return undefined
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error
      return { errorCode: error.code, errorMessage: error.message }
    }
  }
}
