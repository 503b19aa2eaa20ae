import { time } from '@foreman/job-view'
import type { HistoryStep, QueueHistory } from '@foreman/jobs'
import type { SampleRow, StoreReader, TimeRange } from '@foreman/store'

/** What happened in a time, in steps. */
export const historyOf = async (
  { history }: StoreReader,
  { from, until, stepMs }: TimeRange & { readonly stepMs: number },
): Promise<QueueHistory> => {
  const [rows, since] = await Promise.all([history.samples({ from, until }, stepMs), history.since()])
  const steps = Map.groupBy(rows, ({ minute }) => minute)
  return {
    step_ms: stepMs,
    counting_since: time(since),
    steps: [...steps].map(([minute, ofStep]) => stepOf(minute, ofStep)),
  }
}

const stepOf = (minute: number, rows: readonly SampleRow[]): HistoryStep => {
  const sum = (of: (row: SampleRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  const look = rows.find(({ caller }) => caller === '')
  return {
    at: time(minute),
    succeeded: sum(({ succeeded }) => succeeded),
    failed: sum(({ failed }) => failed),
    cancelled: sum(({ cancelled }) => cancelled),
    input_tokens: sum(({ inputTokens }) => inputTokens),
    output_tokens: sum(({ outputTokens }) => outputTokens),
    busy_ms: sum(({ busyMs }) => busyMs),
    loads: sum(({ loads }) => loads),
    load_ms: sum(({ loadMs }) => loadMs),
    loads_in_arrival_order: sum(({ arrivalLoads }) => arrivalLoads),
    load_ms_in_arrival_order: sum(({ arrivalLoadMs }) => arrivalLoadMs),
    ...(typeof look?.queued === 'number' && { queued: look.queued }),
    ...(typeof look?.running === 'number' && { running: look.running }),
    ...(typeof look?.oldestWaitMs === 'number' && { oldest_wait_ms: look.oldestWaitMs }),
    callers: rows
      .filter(({ caller }) => caller !== '')
      .map(({ caller, succeeded, failed, cancelled, inputTokens, outputTokens, busyMs }) => ({
        caller,
        jobs: succeeded + failed + cancelled,
        tokens: inputTokens + outputTokens,
        target_ms: busyMs,
      })),
  }
}
