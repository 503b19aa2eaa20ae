import { time } from '@foreman/job-view'
import type { Operation } from '@foreman/jobs'
import type { OperationRow } from '@foreman/store'
import { shownSubject } from './state.ts'

/** An operation, as callers see it. Fields without a value are left out. */
export const operationJson = (row: OperationRow): Operation => {
  const { gateway: _gateway, ...detail } = row.detail ?? {}
  return {
    id: row.id,
    action: row.action,
    state: row.state,
    ...(row.matched !== null && { matched: row.matched }),
    ...(row.done !== null && { done: row.done }),
    by: row.by,
    ...(row.subject !== '' && { subject: shownSubject(detail['kind'], row.subject) }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.detail && { detail: withTimes(detail) }),
    at: time(row.at),
    ...(row.state === 'running' && row.stopRequestedAt !== null && { stop_requested: true }),
    ...(row.endedAt !== null && { ended_at: time(row.endedAt) }),
  }
}

const withTimes = (detail: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { until } = detail
  return typeof until === 'number' ? { ...detail, until: time(until) } : detail
}
