import { priorities } from '@foreman/jobs'
import { weightsOf, weightsOfModel } from '@foreman/ollama-client'
import type { ModelRow } from '@foreman/store'
import type { QueueFacts } from '../facts.ts'
import { turnOf } from '../snapshot.ts'
import { gauge, type Metric, type MetricValue, plainGauge } from './metric.ts'
import type { ModelLabels } from './model-label.ts'
import { Series } from './series.ts'

const SECOND_MS = 1_000
const TARGET = { target: 'default' }

/** How the queue and the target are now. */
export const presentGauges = (
  facts: QueueFacts,
  rows: readonly ModelRow[],
  models: ModelLabels,
): Metric[] => [...queueGauges(facts, models), ...targetGauges(facts, rows, models), ...storageGauges(facts)]

const queueGauges = (facts: QueueFacts, models: ModelLabels): Metric[] => {
  const { at, lines, inFlight, delayed, outlook } = facts
  const byModel = models.all.map(model => ({ model }))
  const queued = new Series({ priority: priorities }, byModel)
  for (const { modelName, priority, jobs } of lines)
    queued.add({ model: models.of(modelName), priority: priorities[priority] ?? 'normal' }, jobs)
  const running = new Series({}, byModel)
  for (const { modelName } of inFlight) running.add({ model: models.of(modelName) }, 1)
  const later = new Series({}, byModel)
  for (const { modelName, jobs } of delayed) later.add({ model: models.of(modelName) }, jobs)
  const waits = lines.map(
    ({ modelName, oldestCreatedAt }) => [models.of(modelName), (at - oldestCreatedAt) / SECOND_MS] as const,
  )
  const overdue = outlook.overdueMs()
  const overdueWaits = lines.map(
    ({ modelName, groupKey }) => [models.of(modelName), (overdue.get(groupKey) ?? 0) / SECOND_MS] as const,
  )
  return [
    gauge('foreman_jobs_queued', 'Jobs that are ready, and wait for their turn.', queued.values),
    gauge('foreman_jobs_running', 'Jobs that run.', running.values),
    gauge('foreman_jobs_delayed', 'Jobs that wait for the time of their next attempt.', later.values),
    gauge('foreman_oldest_wait_seconds', 'How long the oldest ready job has waited.', most(waits, models)),
    gauge(
      'foreman_overdue_seconds',
      'By how much a model waits for longer than it should: for its bound, and once more for each model before it.',
      most(overdueWaits, models),
    ),
  ]
}

const targetGauges = (facts: QueueFacts, rows: readonly ModelRow[], models: ModelLabels): Metric[] => {
  const { target } = facts
  const resident = new Set((target.residentGroups ?? []).map(weightsOf))
  const turn = turnOf(facts)
  const turnModels = new Set(turn && facts.turn ? (facts.turn.models ?? []).map(models.of) : [])
  return [
    gauge('foreman_target_up', 'Whether the target answers.', [
      { labels: TARGET, value: Number(target.state === 'up') },
    ]),
    gauge(
      'foreman_target_resident',
      'Whether a model is in the memory of the target, as far as it was loaded for a job.',
      rows.map(row => ({
        labels: { ...TARGET, model: models.of(row.name) },
        value: Number(resident.has(weightsOfModel(row.name, row.loading))),
      })),
    ),
    gauge(
      'foreman_turn_started_timestamp_seconds',
      'When the present turn began.',
      [...turnModels].map(model => ({
        labels: { ...TARGET, model },
        value: (facts.turn?.startedAt ?? 0) / SECOND_MS,
      })),
    ),
  ]
}

const storageGauges = ({ at, messages, storage, lastBackupAt }: QueueFacts): Metric[] => [
  plainGauge('foreman_webhooks_pending', 'Webhooks that have yet to be delivered.', messages.pending),
  plainGauge(
    'foreman_webhook_oldest_pending_seconds',
    'How long the oldest of them has waited. 0: there is none.',
    messages.oldestAt === null ? 0 : Math.max(0, at - messages.oldestAt) / SECOND_MS,
  ),
  plainGauge('foreman_db_used_bytes', 'How much of the queue file holds something.', storage.usedBytes),
  plainGauge('foreman_db_file_bytes', 'The size of the queue file.', storage.fileBytes),
  plainGauge('foreman_wal_bytes', 'What is written and not yet moved into the queue file.', storage.walBytes),
  plainGauge('foreman_disk_free_bytes', 'The free space on the disk of the queue.', storage.diskFreeBytes),
  gauge(
    'foreman_last_backup_timestamp_seconds',
    'When the newest backup of the queue was made.',
    lastBackupAt === undefined ? [] : [{ labels: {}, value: lastBackupAt / SECOND_MS }],
  ),
]

/** The largest number of each model, and 0 where there is none. */
const most = (
  seen: readonly (readonly [model: string, value: number])[],
  { all }: ModelLabels,
): MetricValue[] => {
  const values = new Map(all.map(model => [model, 0]))
  for (const [model, value] of seen) values.set(model, Math.max(values.get(model) ?? 0, value))
  return [...values].map(([model, value]) => ({ labels: { model }, value }))
}
