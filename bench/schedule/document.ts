import { type Case, cases, policies } from './cases.ts'
import { type Hindsight, hindsightOf } from './hindsight.ts'
import { mean, type Outcome, outcomeOf } from './measure.ts'
import { barChart } from './plot.ts'
import { simulate } from './simulate.ts'

const SEEDS = [1, 2, 3, 4, 5]

/** What each policy makes of a case, and what would have been possible. */
export interface Compared {
  readonly name: string
  readonly outcomes: readonly { readonly policy: string; readonly outcome: Outcome }[]
  readonly hindsight: readonly Hindsight[]
}

export const compare = ({ name, make, room }: Case, seeds = SEEDS): Compared => ({
  name,
  outcomes: policies.map(policy => ({
    policy: policy.name,
    outcome: outcomeOf(seeds.map(seed => simulate(make(seed), policy.make, { room, seed }))),
  })),
  hindsight: seeds.flatMap(seed => hindsightOf(make(seed), room) ?? []),
})

export const compareAll = (): Compared[] => cases.map(one => compare(one))

const seconds = (value: number): string => value.toFixed(value < 100 ? 1 : 0)

/** The tables of docs/scheduling.md. */
export const tables = (compared: readonly Compared[]): string =>
  compared
    .map(({ name, outcomes, hindsight }) => {
      const kinds = outcomes[0]?.outcome.waits.map(({ kind }) => kind) ?? []
      const titles = kinds.map(kind => `wait of ${kind}: mean, p99, longest`)
      const header = ['', 'jobs', 'loads', 'makespan', ...titles, 'fairness', 'violations']
      const rows = outcomes.map(({ policy, outcome }) => [
        policy,
        outcome.jobs.toFixed(0),
        outcome.loads.toFixed(0),
        `${outcome.makespanS.toFixed(0)} s`,
        ...outcome.waits.map(
          ({ meanS, p99S, longestS }) => `${[meanS, p99S, longestS].map(seconds).join(', ')} s`,
        ),
        outcome.fairness.toFixed(2),
        String(Number(outcome.violations.toFixed(1))),
      ])
      const last = inHindsight(hindsight).map(cells => [
        ...cells,
        ...header.slice(cells.length).map(() => ''),
      ])
      const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
      const lines = [header, header.map(() => '---'), ...rows, ...last].map(line)
      return [`**${name}**`, '', ...lines].join('\n')
    })
    .join('\n\n')

/** The row of what is possible for somebody who knows all arrivals, if there is one. */
const inHindsight = (hindsight: readonly Hindsight[]): string[][] => {
  if (hindsight.length === 0) return []
  const makespan = `${mean(hindsight.map(({ makespanS }) => makespanS)).toFixed(0)} s`
  const best = hindsight.filter(one => one.kind === 'best')
  if (best.length < hindsight.length) return [['lower bound', '', '', makespan]]
  return [['best in hindsight', '', mean(best.map(({ loads }) => loads)).toFixed(0), makespan]]
}

/** The policies that the plot compares: the last one differs from foreman only in a setting. */
const PLOTTED = 4

/** The plot of docs/scheduling.md: the mean wait of each kind of caller. */
export const plot = (compared: readonly Compared[]): string =>
  barChart(
    'Mean wait in seconds',
    compared.flatMap(({ name, outcomes }) => {
      const plotted = outcomes.slice(0, PLOTTED)
      return (plotted[0]?.outcome.waits ?? []).map(({ kind }) => ({
        name: kind === 'all' ? name : `${name}: ${kind}`,
        bars: plotted.map(({ policy, outcome }) => ({
          name: policy,
          value: outcome.waits.find(waits => waits.kind === kind)?.meanS ?? 0,
        })),
      }))
    }),
  )

const BEGIN = '<!-- Made by `npm run bench -- schedule`. -->'
const END = '<!-- The end of what is made. -->'

/** Replaces what was made before in the text of docs/scheduling.md. */
export const withTables = (text: string, made: string): string => {
  const [before, rest] = text.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error('the marks of the tables are missing')
  return `${before}${BEGIN}\n\n${made}\n\n${END}${after}`
}
