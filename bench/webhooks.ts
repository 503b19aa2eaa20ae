import type { BenchOptions } from './options.ts'
import { median } from './stats.ts'
import { figure, ratio, table } from './table.ts'
import { type Both, inTurns } from './turns.ts'
import { measureWebhooks, type WebhookCase } from './webhook-rate.ts'

const ROUNDS = 3

const casesOf = (messages: number): readonly WebhookCase[] => [
  { receivers: 1, withDead: false, messages },
  { receivers: 20, withDead: false, messages },
  { receivers: 20, withDead: true, messages },
]

interface WebhookFigures extends WebhookCase {
  /** Webhooks a second that reached the receivers that are alive. */
  readonly rate: number
}

/** The rates of both checkouts: medians of rounds that take turns. */
type WebhookComparison = WebhookCase & Both<number>

/** How fast a worker sends the webhooks that wait. */
export const webhooks = async ({ quick, against, directory }: BenchOptions) => {
  const cases = casesOf(quick ? 500 : 10_000)
  return against === undefined
    ? measure(cases, directory)
    : compare(cases, directory, { against, rounds: quick ? 1 : ROUNDS })
}

const measure = async (cases: readonly WebhookCase[], directory: string) => {
  const measured: WebhookFigures[] = []
  for (const one of cases) measured.push({ ...one, rate: await measureWebhooks({ ...one, directory }) })
  return { webhooks: measured, text: describe(measured) }
}

const compare = async (
  cases: readonly WebhookCase[],
  directory: string,
  turns: { readonly against: string; readonly rounds: number },
) => {
  const compared: WebhookComparison[] = []
  for (const one of cases) {
    const { foreman, before } = await inTurns(turns, root => measureWebhooks({ ...one, root, directory }))
    compared.push({ ...one, foreman: median(foreman), before: median(before) })
  }
  return { comparedWebhooks: compared, text: describeComparison(compared) }
}

const whole = (value: number): string => figure(value, 0)
const caseOf = ({ receivers, withDead }: WebhookCase) => [receivers, withDead ? 'yes' : 'no']

const describe = (measured: readonly WebhookFigures[]): string => {
  const [one] = measured
  const rows = measured.map(each => [
    ...caseOf(each),
    whole(each.rate),
    ratio(each.rate / (one?.rate ?? Number.NaN)),
  ])
  return [
    'webhooks to receivers in another process',
    table(['receivers', 'one dead', 'webhooks/s', 'to one receiver'], rows),
  ].join('\n')
}

const describeComparison = (compared: readonly WebhookComparison[]): string => {
  const rows = compared.map(each => [
    ...caseOf(each),
    whole(each.foreman),
    whole(each.before),
    ratio(each.before / each.foreman, 3),
  ])
  return [
    'Webhooks a second to receivers in another process (ratios below 1: foreman is faster now)',
    table(['receivers', 'one dead', 'foreman', 'before', 'before / foreman'], rows),
  ].join('\n')
}
