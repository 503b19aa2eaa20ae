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

/** The metrics in the text format of Prometheus. */
export const textOf = (metrics: readonly Metric[]): Promise<string> => {
  const registry = new Registry()
  for (const metric of metrics) {
    // All that a registry asks of a metric.
    const read = { ...metric, get: () => metric }
    registry.registerMetric(read as unknown as Registered)
  }
  return registry.metrics()
}
