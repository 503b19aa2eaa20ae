import { ForemanError, type JobAction } from '@foreman/foreman-client'
import { endStates, type Job, priorities } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { failureOf } from '../failures/failure.ts'
import { UsageError } from '../failures/usage-error.ts'
import { safeLine } from '../output/safe-text.ts'
import { actOnMany } from './act-on-many.ts'
import { filterOf } from './filter.ts'
import { readIds } from './ids.ts'

/** Which jobs something is done to, and why. */
export interface Chosen {
  readonly ids: readonly string[]
  /** Pairs such as `state=failed`, in place of ids. */
  readonly filters: readonly string[]
  readonly isAgreed: boolean
  readonly reason: string | undefined
}

export const cancelJobs = (chosen: Chosen, session: Session): Promise<number> =>
  act(chosen, session, {
    one: id => session.client.cancel(id, { signal: session.signal }),
    many: filter => ({ action: 'cancel', filter }),
    said: ({ state, cancel_requested }) => (cancel_requested ? 'is being cancelled' : state),
  })

export const retryJobs = (chosen: Chosen, session: Session): Promise<number> =>
  act(chosen, session, {
    one: id => session.client.retry(id, { signal: session.signal }),
    many: filter => {
      const state = endStates.find(each => each === filter.state)
      if (!state)
        throw new UsageError(
          `only jobs that have ended are retried: add --filter state=${endStates.join(' or ')}`,
        )
      return { action: 'retry', filter: { ...filter, state } }
    },
    said: ({ id }) => `is submitted again as ${id}`,
  })

export const changePriority = (word: string, chosen: Chosen, session: Session): Promise<number> => {
  const priority = priorities.find(each => each === word)
  if (!priority) throw new UsageError(`the priority must be one of ${priorities.join(', ')}`)
  const { reason } = chosen
  return act(chosen, session, {
    one: id => session.client.change(id, { priority, reason }, { signal: session.signal }),
    many: filter => ({ action: 'priority', priority, filter }),
    said: job => `has priority ${job.priority}`,
  })
}

interface Deed {
  readonly one: (id: string) => Promise<Job>
  readonly many: (filter: JobAction['filter']) => JobAction
  /** What has become of a job. */
  readonly said: (job: Job) => string
}

/** Does something to each job that is named, or to all of a filter. */
const act = async (chosen: Chosen, session: Session, deed: Deed): Promise<number> => {
  if (chosen.filters.length > 0) {
    if (chosen.ids.length > 0) throw new UsageError('ids and --filter are both given: give one of them')
    return actOnMany(deed.many(filterOf(chosen.filters, Date.now())), chosen, session)
  }
  let exitCode = 0
  for (const id of await readIds(chosen.ids, session.stdin)) {
    try {
      const job = await deed.one(id)
      if (session.screen.isJson) session.screen.json(job)
      else session.screen.print(safeLine(`${id}  ${deed.said(job)}`))
    } catch (error) {
      // Another job may be there.
      if (!(error instanceof ForemanError) || error.status < 404 || error.status > 499) throw error
      const failure = failureOf(error, undefined)
      session.screen.say(`foreman: ${id}: ${failure.message}`)
      exitCode ||= failure.exitCode
    }
  }
  return exitCode
}
