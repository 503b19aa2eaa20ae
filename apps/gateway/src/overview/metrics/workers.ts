import { isAlive, type ProcessRow } from '@foreman/store'
import { gauge, type Metric, plainGauge } from './metric.ts'

const SECOND_MS = 1_000

/** What the active worker says of itself: it has no port of its own. It may have died since. */
export const workerMetrics = (processes: readonly ProcessRow[], now: number): Metric[] => {
  const workers = processes.filter(({ kind }) => kind === 'worker')
  const active = workers.find(each => each.active)
  const standingBy = workers.filter(
    ({ active: isActive, heartbeatAt }) => !isActive && heartbeatAt !== null && isAlive({ heartbeatAt }, now),
  )
  const ofActive = (value: number | null | undefined) =>
    typeof value === 'number' ? [{ labels: {}, value }] : []
  const figures = active?.figures
  const cpuSeconds: Metric = {
    name: 'foreman_worker_cpu_seconds_total',
    help: 'The CPU time of the active worker.',
    type: 'counter',
    values: ofActive(figures && figures.cpuMs / SECOND_MS),
  }
  return [
    gauge(
      'foreman_worker_heartbeat_timestamp_seconds',
      'The last heartbeat of the active worker.',
      ofActive(active?.heartbeatAt && active.heartbeatAt / SECOND_MS),
    ),
    gauge(
      'foreman_worker_resident_memory_bytes',
      'The memory of the active worker.',
      ofActive(figures?.residentBytes),
    ),
    cpuSeconds,
    gauge(
      'foreman_worker_event_loop_lag_seconds',
      'How late the event loop of the active worker was, but for one time in a hundred, since the heartbeat before.',
      ofActive(figures && figures.loopLagMs / SECOND_MS),
    ),
    plainGauge(
      'foreman_workers_standing_by',
      'Workers that take over when the active one is gone.',
      standingBy.length,
    ),
  ]
}
