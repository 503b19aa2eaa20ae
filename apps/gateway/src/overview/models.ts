import { shownModel } from '@foreman/job-view'
import type { ModelFigures, QueueModels } from '@foreman/jobs'
import { HISTOGRAMS, TALLIES, type Tally } from '@foreman/store'
import type { QueueFacts } from './facts.ts'
import { quantileOf } from './quantile.ts'

/** What is known of each model since foreman counts. */
export const modelsOf = ({ lines, inFlight, tallies: counted }: QueueFacts): QueueModels => {
  const tallies = counted.map(tally => ({
    ...tally,
    labels: JSON.parse(tally.labels) as Readonly<Record<string, string>>,
  }))
  const names = new Set([
    ...tallies.flatMap(({ labels }) => labels['model'] ?? []),
    ...[...lines, ...inFlight].map(({ modelName }) => modelName),
  ])
  const models = [...names].toSorted().map(model => {
    const own = tallies.filter(({ labels }) => labels['model'] === model)
    const queued = lines.filter(({ modelName }) => modelName === model)
    return {
      ...figuresOf(model, own),
      queued: queued.reduce((sum, { jobs }) => sum + jobs, 0),
      running: inFlight.filter(({ modelName }) => modelName === model).length,
    }
  })
  return { models }
}

type Labelled = Omit<Tally, 'labels'> & { readonly labels: Readonly<Record<string, string>> }

const figuresOf = (model: string, tallies: readonly Labelled[]): Omit<ModelFigures, 'queued' | 'running'> => {
  const of = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    tallies
      .filter(tally => tally.name === name && tally.part !== 'sum')
      .filter(tally => Object.entries(labels).every(([label, value]) => tally.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0)
  const waits = tallies.filter(({ name, part }) => name === HISTOGRAMS.wait.name && part !== 'sum')
  const [p50, p95] = [0.5, 0.95].map(part => quantileOf(waits, part))
  const generateMs = of(TALLIES.targetMs, { phase: 'generate' })
  const output = of(TALLIES.tokens, { type: 'output' })
  return {
    model: shownModel(model),
    jobs: of(TALLIES.finished),
    loads: of(TALLIES.loads),
    load_ms: of(TALLIES.loadMs),
    ...(p50 !== undefined && { wait_p50_ms: p50 }),
    ...(p95 !== undefined && { wait_p95_ms: p95 }),
    ...(generateMs > 0 && { tokens_per_second: Math.round((output / generateMs) * 10_000) / 10 }),
    input_tokens: of(TALLIES.tokens, { type: 'input' }),
    output_tokens: output,
  }
}
