import fs from 'node:fs'
import { queueDirectory, type Simulation } from './installation.ts'
import { learnModels } from './learn-models.ts'
import { measureRates, type Rates } from './rates.ts'
import { median } from './stats.ts'
import { figure, ratio, table } from './table.ts'
import { type Both, inTurns } from './turns.ts'

const FIGURES = ['single', 'singles32', 'batch', 'run'] as const

/** The rates of both checkouts behind `queued` jobs that wait: medians of rounds that take turns. */
export interface RatesComparison extends Both<Rates> {
  readonly queued: number
}

export interface CompareRatesOptions {
  /** The root of the other checkout. */
  readonly against: string
  readonly directory: string
  readonly simulation: Simulation
  readonly queued: number
  readonly seconds: number
  readonly rounds: number
}

/** Measures the processes of both checkouts. Both fill their queues over HTTP, as only their own store can write them. */
export const compareRates = async (options: CompareRatesOptions): Promise<RatesComparison> => {
  const { directory: parent, simulation, queued, seconds } = options
  const { foreman, before } = await inTurns(options, async root => {
    const directory = queueDirectory(parent)
    await learnModels({ target: simulation.url, root, directory })
    const rates = await measureRates({ root, directory, simulation, seconds, submitFirst: queued })
    fs.rmSync(directory, { recursive: true })
    return rates
  })
  return { queued, foreman: medianRates(foreman), before: medianRates(before) }
}

const medianRates = (rounds: readonly Rates[]): Rates => ({
  single: median(rounds.map(({ single }) => single)),
  singles32: median(rounds.map(({ singles32 }) => singles32)),
  batch: median(rounds.map(({ batch }) => batch)),
  run: median(rounds.map(({ run }) => run)),
})

export const describeComparison = (compared: readonly RatesComparison[]): string => {
  const rows = compared.flatMap(({ queued, foreman, before }) => [
    [queued, 'foreman', ...FIGURES.map(name => figure(foreman[name], 0))],
    [queued, 'before', ...FIGURES.map(name => figure(before[name], 0))],
    [queued, 'before / foreman', ...FIGURES.map(name => ratio(before[name] / foreman[name], 3))],
  ])
  return [
    'Jobs a second behind a backlog of 50 groups (ratios below 1: foreman is faster now)',
    table(['queued', 'way', '1 caller', '32 callers', 'batches', 'run'], rows),
  ].join('\n')
}
