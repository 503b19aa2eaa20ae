import { isEndState } from '@foreman/jobs'
import type { BatchLine, BatchRow, JobRecord } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { Who } from '../access/roles.ts'
import type { FollowOptions } from '../answer/follow-options.ts'
import { untilJobEnded } from '../answer/wait.ts'
import type { Context } from '../context.ts'
import { SEND_NOW } from '../http/send-json-parts.ts'
import { whenAvailable } from '../http/when-available.ts'

/** How many lines of a batch are read at a time. */
const LINES_PER_READ = 100

export interface ResultsOptions extends FollowOptions, Pick<Context, 'presenter'> {
  readonly who: Who
  /** Whether the caller's own names for the lines are shown: they are content. */
  readonly showsNames: boolean
}

/**
 * The results of a batch as JSON Lines, in the order of the submission. It waits for each job, with a blank line now and then, and
 * ends with the last one. When the caller leaves it ends, and when the gateway stops the connection breaks: a regular end says that
 * everything has come.
 *
 * @param after the last line that the caller has; 0 for none
 */
export const resultsOf = async function* (
  batch: BatchRow,
  after: number,
  response: ServerResponse,
  options: ResultsOptions,
): AsyncGenerator<string | Uint8Array | typeof SEND_NOW, void> {
  const { store, presenter, who, showsNames } = options
  yield SEND_NOW
  for (let last = after; ;) {
    const from = last
    const lines = await whenAvailable(() => store.batches.lines(batch, from, LINES_PER_READ))
    for (const line of lines) {
      if (line.jobSeq === null) yield refusedLine(line, showsNames)
      else {
        const job = yield* endOfJob(line.jobSeq, response, options)
        if (response.destroyed) return
        // Its time is over, and its result is gone with it.
        if (!job) continue
        yield beginningOf(line, showsNames)
        let isFirst = true
        for await (const part of presenter.lineOf(job, who)) {
          yield isFirst && typeof part === 'string' ? part.slice(1) : part
          isFirst = false
        }
        yield '\n'
      }
    }
    const end = lines.at(-1)
    if (!end) return
    last = end.line
  }
}

/** The beginning of the JSON of a line, up to its first other member. */
const beginningOf = ({ line, customId }: BatchLine, showsNames: boolean): string => {
  const name = showsNames && customId !== null ? { custom_id: customId } : {}
  return `${JSON.stringify({ index: line - 1, ...name }).slice(0, -1)},`
}

const refusedLine = (line: BatchLine, showsNames: boolean): string => {
  const error = { code: line.errorCode, message: line.errorMessage }
  return `${beginningOf(line, showsNames)}"error":${JSON.stringify(error)}}\n`
}

/** Waits until a job has ended. @returns undefined when it is deleted, or nobody waits any more */
const endOfJob = async function* (
  seq: number,
  response: ServerResponse,
  options: ResultsOptions,
): AsyncGenerator<string | typeof SEND_NOW, JobRecord | undefined> {
  const { store, patience, cutOff } = options
  for (let isFirst = true; ; isFirst = false) {
    const job = await whenAvailable(() => store.records.bySeq(seq))
    if (!job || isEndState(job.state) || response.destroyed) return job
    if (cutOff.aborted) {
      response.destroy()
      return undefined
    }
    if (!isFirst) yield '\n'
    yield SEND_NOW
    await untilJobEnded(job, patience.heartbeatMs, response, options)
  }
}
