import { estimateEvent, eventOf, type Prospect } from '@foreman/job-view'
import { isEndState } from '@foreman/jobs'
import type { JobRecord, LogEntry } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { Foretelling } from '../answer/beat.ts'
import type { FollowOptions } from '../answer/follow-options.ts'
import { WakeUps } from '../answer/wake-ups.ts'
import { ESTIMATE_EVERY_MS, FIRST_ESTIMATE_MS, isNews } from '../forecast/is-news.ts'
import { sendHeadNow } from '../http/send-head.ts'
import { TimeSlice } from '../http/slices.ts'

export interface EventOptions extends FollowOptions, Foretelling {
  /** Whether the output of the job is left out. */
  readonly isOutline: boolean
}

/** The status that tells a browser's EventSource not to connect again. */
const NO_MORE = 204

/**
 * Sends the events of a job: all that have happened, and then each as it happens, up to the end of the job. A client
 * that lost its connection resumes after the last event that it has. While the queue cannot be read, it waits.
 *
 * @param after the id of that event, or 0
 */
export const streamEvents = async (
  job: Pick<JobRecord, 'seq' | 'state'>,
  after: number,
  response: ServerResponse,
  options: EventOptions,
): Promise<void> => {
  const { store, patience, isOutline } = options
  const hasAll = isEndState(job.state) && (await store.records.log(job.seq, after)).length === 0
  if (response.destroyed) return
  if (hasAll) return void response.writeHead(NO_MORE).end()
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
  })
  sendHeadNow(response)
  const wakeUps = new WakeUps(job.seq, response, options)
  let last = after
  const estimates = new Estimates(job, response, options)
  const heartbeat = () => void response.write(': keep-alive\n\n')
  const nothingNew = () =>
    wakeUps.untilNews(
      () => Math.min(estimates.dueInMs, patience.heartbeatMs),
      () => void estimates.tell(last).then(isTold => isTold || heartbeat()),
    )
  try {
    while (!wakeUps.isOver) {
      if (await wakeUps.untilWritable(patience.stallMs)) continue
      // The state is read before the log: if the job ends in between, the next look sees that.
      const looked = await wakeUps.look(async () => ({
        state: (await store.output.view(job.seq))?.state,
        entries: await store.records.log(job.seq, last),
      }))
      if (wakeUps.isOver) break
      if (looked === 'not_now') {
        await nothingNew()
        continue
      }
      const { state, entries } = looked.seen
      const slice = new TimeSlice()
      const shown = isOutline ? entries.filter(({ kind }) => kind !== 'body') : entries
      for (const entry of shown) {
        if (slice.isOver) await slice.rest()
        if (response.destroyed) return
        response.write(eventOf(entry))
      }
      last = entries.at(-1)?.id ?? last
      estimates.isQueued = state === 'queued'
      if (entries.some(isEnd)) break
      if (shown.length > 0) wakeUps.noteSent()
      if (entries.length > 0) continue
      // The job was deleted meanwhile, or the client has asked for events after the last one.
      if (state === undefined || isEndState(state)) break
      await nothingNew()
    }
  } finally {
    wakeUps.stop()
  }
  response.end()
}

/** Tells a follower when a queued job is likely to start. */
class Estimates {
  readonly #job: Pick<JobRecord, 'seq'>
  readonly #response: ServerResponse
  readonly #options: Pick<EventOptions, 'forecaster' | 'logger'>
  #told: Prospect | undefined
  isQueued = false

  constructor(job: Pick<JobRecord, 'seq'>, response: ServerResponse, options: EventOptions) {
    this.#job = job
    this.#response = response
    this.#options = options
  }

  /** How long after the last event the next look is due. Most jobs start before the first one. */
  get dueInMs(): number {
    if (!this.isQueued) return Infinity
    return this.#told ? ESTIMATE_EVERY_MS : FIRST_ESTIMATE_MS
  }

  /** @returns whether there was anything new to tell */
  async tell(lastId: number): Promise<boolean> {
    if (!this.isQueued) return false
    const { forecaster, logger } = this.#options
    try {
      const prospect = await forecaster.bySeq(this.#job.seq)
      // It may have started meanwhile, and its follower may have left.
      if (!prospect || !this.isQueued || this.#response.destroyed || !isNews(this.#told, prospect))
        return false
      this.#told = prospect
      this.#response.write(estimateEvent(prospect, lastId))
      return true
    } catch (error) {
      logger.debug({ err: error }, 'an estimate could not be made')
      return false
    }
  }
}

/** The event of the end is written in one unit with the end. No event follows it. */
const isEnd = (entry: LogEntry): boolean => entry.kind === 'event' && isEndState(entry.event.type)
