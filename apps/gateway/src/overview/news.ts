import { shownModel, time } from '@foreman/job-view'
import type { JobNews, OperationNews } from '@foreman/jobs'
import type { StoreReader } from '@foreman/store'

/** So many changes of jobs are told one by one. */
const MAX_CHANGES = 50
const MAX_OPERATIONS = 50

/** How far somebody has heard the news. */
export interface NewsCursor {
  readonly change: number
  readonly operation: number
}

export interface NewsAnswer {
  readonly cursor: NewsCursor
  readonly jobs: readonly JobNews[]
  /** How many changes of jobs are not told one by one. */
  readonly skipped: number
  readonly operations: readonly OperationNews[]
}

/** What has happened since somebody looked last. No history is owed: whoever comes hears of what happens from then on. */
export class News {
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  async since(after: NewsCursor | undefined): Promise<NewsAnswer> {
    const { overview, operations } = this.#store
    const { last, changes, skipped } = await overview.jobChanges(after?.change, MAX_CHANGES)
    const newest = await operations.list({ limit: after ? MAX_OPERATIONS : 1 })
    const told = after ? newest.filter(({ id }) => id > after.operation).toReversed() : []
    return {
      cursor: { change: last, operation: newest[0]?.id ?? after?.operation ?? 0 },
      jobs: changes.map(({ id, state, modelName, caller, at }) => ({
        job: id,
        state,
        model: shownModel(modelName),
        caller,
        at: time(at),
      })),
      skipped,
      operations: told.map(({ id, at, by, action, subject, reason }) => ({
        id,
        at: time(at),
        by,
        action,
        ...(subject !== '' && { subject }),
        ...(reason !== null && { reason }),
      })),
    }
  }
}
