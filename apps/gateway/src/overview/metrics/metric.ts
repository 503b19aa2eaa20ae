import { type Metric as Registered, Registry } from 'prom-client'

export type Labels = Readonly<Record<string, string>>

export interface MetricValue {
  readonly labels: Labels
  readonly value: number
  /** Of a histogram: its own name and `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string
}

/** A metric as it is at one moment. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly values: readonly MetricValue[]
}

/** A gauge, by the values of its labels. */
export const gauge = (name: string, help: string, values: readonly MetricValue[]): Metric => ({
  name,
  help,
  type: 'gauge',
  values,
})

/** A gauge without labels. */
export const plainGauge = (name: string, help: string, value: number): Metric =>
  gauge(name, help, [{ labels: {}, value }])

/** Registers a metric whose values are read when somebody asks. All that a registry calls is `get`. */
export const register = (
  registry: Registry,
  { name, help, type }: Omit<Metric, 'values'>,
  read: () => Metric['values'],
): void => {
  const get = () => ({ name, help, type, values: read() })
  registry.registerMetric({ name, help, type, get } as unknown as Registered)
}

/** The metrics in the text format of Prometheus. */
export const textOf = (metrics: readonly Metric[]): Promise<string> => {
  const registry = new Registry()
  for (const metric of metrics) register(registry, metric, () => metric.values)
  return registry.metrics()
}
