import { compareRates, describeComparison, type RatesComparison } from './compare-rates.ts'
import { type Simulation, startSimulation } from './installation.ts'
import { type BacklogFigures, measureBacklog } from './measure-backlog.ts'
import type { BenchOptions } from './options.ts'
import { figure, ratio, table } from './table.ts'

/** How fast jobs are accepted and run, behind a backlog. */
export const backlog = async ({ quick, against, directory }: BenchOptions) => {
  const simulation = await startSimulation({ parallel: 8 })
  try {
    return await (against === undefined
      ? measure(simulation, quick, directory)
      : compare(simulation, quick, directory, against))
  } finally {
    await simulation.stop()
  }
}

const measure = async (simulation: Simulation, quick: boolean, directory: string) => {
  const backlogs: BacklogFigures[] = []
  for (const queued of quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000])
    backlogs.push(await measureBacklog({ directory, simulation, queued, seconds: quick ? 0.3 : 4 }))
  return { backlogs, text: describe(backlogs) }
}

const compare = async (simulation: Simulation, quick: boolean, directory: string, against: string) => {
  const compared: RatesComparison[] = []
  const effort = quick ? { seconds: 0.3, rounds: 1 } : { seconds: 4, rounds: 3 }
  for (const queued of quick ? [1_000] : [1_000, 250_000])
    compared.push(await compareRates({ against, directory, simulation, queued, ...effort }))
  return { compared, text: describeComparison(compared) }
}

const whole = (value: number): string => figure(value, 0)

const describe = (backlogs: readonly BacklogFigures[]): string => {
  const accepted = table(
    ['queued', '1 caller/s', '32 callers/s', 'batches/s', 'to 1 caller', 'run/s', 'bytes a job'],
    backlogs.map(each => [
      each.queued,
      whole(each.single),
      whole(each.singles32),
      whole(each.batch),
      ratio(each.batch / each.single),
      whole(each.run),
      whole(each.bytesPerQueuedJob),
    ]),
  )
  return ['jobs accepted and run a second, behind a backlog of 50 groups', accepted].join('\n')
}
