import { type BacklogFigures, measureBacklog } from './backlog.ts'
import { compareRates, describeComparison, type RatesComparison } from './compare-rates.ts'
import { type Simulation, startSimulation } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { measurePruning, type PruningFigures } from './pruning.ts'
import { figure, ratio, table } from './table.ts'
import { measureWebhooks, type WebhookFigures } from './webhooks.ts'

/** Background jobs: how fast they are accepted, claimed, run, announced by webhooks and deleted, behind a backlog. */
export const jobs = async ({ quick, against, directory }: BenchOptions) => {
  const simulation = await startSimulation({ parallel: 8 })
  try {
    return await (against === undefined
      ? measureJobs(simulation, quick, directory)
      : compareJobs(simulation, quick, directory, against))
  } finally {
    await simulation.stop()
  }
}

const measureJobs = async (simulation: Simulation, quick: boolean, directory: string) => {
  const backlogs: BacklogFigures[] = []
  for (const queued of quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000])
    backlogs.push(await measureBacklog({ directory, simulation, queued, seconds: quick ? 0.3 : 4 }))
  const webhooks: WebhookFigures[] = []
  const cases = [
    { receivers: 1, withDead: false },
    { receivers: 20, withDead: false },
    { receivers: 20, withDead: true },
  ]
  for (const one of cases)
    webhooks.push(await measureWebhooks(simulation, directory, { ...one, messages: quick ? 500 : 10_000 }))
  const pruning = measurePruning(directory, quick ? 5_000 : 100_000)
  return { backlogs, webhooks, pruning, text: describe(backlogs, webhooks, pruning) }
}

const compareJobs = async (simulation: Simulation, quick: boolean, directory: string, against: string) => {
  const compared: RatesComparison[] = []
  const effort = quick ? { seconds: 0.3, rounds: 1 } : { seconds: 4, rounds: 3 }
  for (const queued of quick ? [1_000] : [1_000, 100_000])
    compared.push(await compareRates({ against, directory, simulation, queued, ...effort }))
  return { compared, text: describeComparison(compared) }
}

const whole = (value: number): string => figure(value, 0)

const describe = (
  backlogs: readonly BacklogFigures[],
  webhooks: readonly WebhookFigures[],
  pruning: PruningFigures,
): string => {
  const [least] = backlogs
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
  const claimed = table(
    ['queued', 'claim ms', `to ${least?.queued}`, 'claim and finish ms', `to ${least?.queued}`],
    backlogs.map(each => [
      each.queued,
      figure(each.claimMs, 3),
      ratio(each.claimMs / (least?.claimMs ?? Number.NaN)),
      figure(each.claimAndFinishMs, 3),
      ratio(each.claimAndFinishMs / (least?.claimAndFinishMs ?? Number.NaN)),
    ]),
  )
  const [one] = webhooks
  const announced = table(
    ['receivers', 'one dead', 'webhooks/s', 'to one receiver'],
    webhooks.map(each => [
      each.receivers,
      each.withDead ? 'yes' : 'no',
      whole(each.rate),
      ratio(each.rate / (one?.rate ?? Number.NaN)),
    ]),
  )
  const { bytesPerEndedJob, jobsPerSecond, stepMs } = pruning
  const deleted = `${pruning.jobs} ended jobs of ${whole(bytesPerEndedJob)} bytes: deleted ${whole(jobsPerSecond)}/s; a step takes ${figure(stepMs.p50)} ms (p99 ${figure(stepMs.p99)})`
  return [
    'jobs accepted and run a second, behind a backlog of 50 groups',
    accepted,
    '',
    'claims, made as the worker makes them',
    claimed,
    '',
    'webhooks to receivers in another process',
    announced,
    '',
    deleted,
  ].join('\n')
}
