import type { Tally } from '@foreman/store'
import type { Labels, Metric, MetricValue } from './metric.ts'
import { shownModel } from './model-label.ts'
import { Series } from './series.ts'
import { COUNTED_HISTOGRAMS, type CountedHistogram, type CountedMetric, COUNTERS } from './tables.ts'

const SECOND_MS = 1_000
const TARGET = { target: 'default' }

/** Who and what can be counted, whether or not it was. */
export interface Known {
  readonly callers: readonly string[]
  /** As they are shown. */
  readonly models: readonly string[]
}

/** What was counted, as metrics. */
export const countedMetrics = (tallies: readonly Tally[], known: Known): Metric[] => {
  const byName = Map.groupBy(tallies, ({ name }) => name)
  return [
    ...COUNTERS.map(metric => counterOf(metric, byName.get(metric.tally) ?? [], known)),
    ...COUNTED_HISTOGRAMS.map(metric => histogramOf(metric, byName.get(metric.histogram.name) ?? [])),
  ]
}

const counterOf = (metric: CountedMetric, tallies: readonly Tally[], known: Known): Metric => {
  const { name, help, isTime, enums, from } = metric
  const starts = from === undefined ? [] : startsOf(known)[from]
  const series = new Series(enums, starts)
  for (const { labels, value } of tallies) series.add(labelsOf(labels), isTime ? value / SECOND_MS : value)
  return { name, help, type: 'counter', values: series.values }
}

const startsOf = ({
  callers,
  models,
}: Known): Readonly<Record<NonNullable<CountedMetric['from']>, Labels[]>> => ({
  nothing: [{}],
  callers: callers.map(caller => ({ caller })),
  models: models.map(model => ({ ...TARGET, model })),
  target: [TARGET],
})

const histogramOf = (metric: CountedHistogram, tallies: readonly Tally[]): Metric => {
  const { name, help } = metric
  const values = [...Map.groupBy(tallies, ({ labels }) => labels)].flatMap(([labels, parts]) =>
    valuesOf(metric, labels, parts),
  )
  return { name, help, type: 'histogram', values }
}

/** The buckets of one series, which are cumulative here, and their sum and count. */
const valuesOf = (
  { name, histogram, isTime, labels: names, fixed }: CountedHistogram,
  text: string,
  parts: readonly Tally[],
): MetricValue[] => {
  const labels = { ...fixed, ...renamed(labelsOf(text), names) }
  const unit = isTime ? SECOND_MS : 1
  const valueOf = (part: string) => parts.find(tally => tally.part === part)?.value ?? 0
  let count = 0
  const buckets = histogram.bounds.map(bound => {
    count += valueOf(String(bound))
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(bound / unit) }, value: count }
  })
  const all = count + valueOf('more')
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: all },
    { metricName: `${name}_sum`, labels, value: valueOf('sum') / unit },
    { metricName: `${name}_count`, labels, value: all },
  ]
}

const renamed = (labels: Labels, names: Labels = {}): Labels =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [names[name] ?? name, value]))

const labelsOf = (text: string): Labels => {
  const labels = JSON.parse(text) as Labels
  return labels['model'] === undefined ? labels : { ...labels, model: shownModel(labels['model']) }
}
