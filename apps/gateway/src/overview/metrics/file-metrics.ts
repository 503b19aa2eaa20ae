import { MAX_COUNTED_MODELS, type StoreReader } from '@foreman/store'
import type { QueueFacts } from '../facts.ts'
import { countedMetrics } from './counted.ts'
import { presentGauges } from './gauges.ts'
import { gauge, type Metric, plainGauge, textOf } from './metric.ts'
import { modelLabels } from './model-label.ts'
import { workerMetrics } from './workers.ts'

/** What the gateway knows, and not the file. */
export interface MetricsAsked {
  readonly version: string
  /** The names of those who may submit jobs. */
  readonly callers: readonly string[]
}

/** The metrics that are in the file: all gateways on it show the same. */
export const fileMetrics = async (
  { catalogue, overview }: StoreReader,
  facts: QueueFacts,
  { version, callers }: MetricsAsked,
): Promise<string> => {
  const [rows, schema, processes] = await Promise.all([
    catalogue.list(MAX_COUNTED_MODELS),
    overview.schema(),
    overview.processes(),
  ])
  const models = modelLabels(rows.map(({ name }) => name))
  const info: Metric = gauge(
    'foreman_build_info',
    'Always 1. The version of this gateway, and of the queue file.',
    [{ labels: { version, schema }, value: 1 }],
  )
  return textOf([
    info,
    plainGauge(
      'foreman_paused',
      'Whether an operator has paused the queue.',
      Number(facts.outlook.held.isPaused),
    ),
    ...presentGauges(facts, rows, models),
    ...workerMetrics(processes, facts.at),
    ...countedMetrics(facts.tallies, { callers, models: models.all }),
  ])
}
