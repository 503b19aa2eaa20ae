import type { Priority } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { Stopped } from '../failures/stop.ts'
import { escapeJson } from '../output/safe-text.ts'
import { DoneLines } from './done-lines.ts'
import { inputBatches } from './input-batches.ts'
import { inputLines } from './input-lines.ts'
import { countLines, openInput } from './input.ts'
import { offerToCancel } from './offer-to-cancel.ts'
import { openResultsFile, type ResultsFile } from './results-file.ts'
import { Submitting } from './run-submission.ts'
import { progressLine, Speed } from './submit-progress.ts'

const MAX_BATCH_BYTES = 8 * 1024 * 1024
const ON_TERMINAL_MS = 1_000
const ELSEWHERE_MS = 10_000

export interface GivenToSubmit {
  readonly file: string
  readonly output?: string | undefined
  readonly 'in-order'?: boolean | undefined
  readonly model?: string | undefined
  readonly priority?: Priority | undefined
  readonly batch: number
  readonly run: string
}

/** Submits the lines of a file as jobs, and writes their results. */
export const submit = async (given: GivenToSubmit, session: Session): Promise<number> => {
  const { client, screen, signal } = session
  const isInOrder = given['in-order'] === true
  const total = await countLines(given.file)
  const results = await openResults(given.output, isInOrder, session)
  try {
    // Once, so that a wrong address or token is said at once. What follows waits for foreman.
    await client.queue.you({ signal })
    const lines = inputLines(openInput(given.file), { model: given.model, priority: given.priority })
    const limits = { maxJobs: given.batch, maxBytes: MAX_BATCH_BYTES }
    const submitting = new Submitting({
      client,
      batches: inputBatches(lines, limits, given.run),
      done: results.done,
      isInOrder,
      write: results.append,
      signal,
    })
    const speed = new Speed()
    const progress = (): string => {
      const { failed, submitted } = submitting
      const done = results.done.count
      speed.note(done, performance.now())
      return progressLine({ done, failed, submitted, total }, speed.perSecond)
    }
    progress()
    const timer = setInterval(
      () => screen.sayInPlace(progress()),
      screen.saysInPlace ? ON_TERMINAL_MS : ELSEWHERE_MS,
    )
    try {
      await submitting.run()
    } catch (error) {
      if (signal.reason instanceof Stopped && signal.reason.exitCode === exitCodes.interrupted)
        await offerToCancel(submitting.openBatches, session)
      throw error
    } finally {
      clearInterval(timer)
      screen.say(progress())
    }
    const { failed, lost } = submitting
    if (lost > 0)
      screen.say(
        `${lost} lines have no result: foreman no longer has their jobs. The same command submits them again`,
      )
    return failed + lost > 0 ? exitCodes.failed : 0
  } finally {
    results.close()
  }
}

const openResults = async (
  file: string | undefined,
  isInOrder: boolean,
  { screen }: Session,
): Promise<ResultsFile> =>
  file === undefined
    ? { done: new DoneLines(), append: line => screen.print(escapeJson(line)), close: () => undefined }
    : openResultsFile(file, { isInOrder })
