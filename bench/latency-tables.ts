import type { Commits, Measured, Way } from './measured.ts'
import { difference, figure, ratio, table } from './table.ts'

/** The times, how much of them foreman adds, and what a commit costs. With `before` also the ratios of the checkouts. */
export const describeLatency = (measured: readonly Measured[], commit: Commits): string =>
  [
    'Time to the first and last byte of an answer (ms; medians of the rounds)',
    absolute(measured),
    '',
    'Added by foreman (ms above direct)',
    added(measured),
    '',
    ...comparison(measured),
    'One commit on that disk (ms)',
    table(
      ['', 'p50', 'p99'],
      [
        ['full: on the disk when it returns', figure(commit.full.p50, 3), figure(commit.full.p99, 3)],
        ['normal: passed to the system', figure(commit.normal.p50, 3), figure(commit.normal.p99, 3)],
        ['the fsync: full less the p50 of normal', ...fsyncOf(commit).map(ms => figure(ms, 3))],
        [
          'accepting a job: the write of the store, with its fsync',
          figure(commit.accept.p50, 3),
          figure(commit.accept.p99, 3),
        ],
      ],
    ),
  ].join('\n')

/** Now and then a normal commit also moves pages out of the log, so its p99 cannot be subtracted. */
const fsyncOf = ({ full, normal }: Commits): [p50: number, p99: number] => [
  Math.max(0, full.p50 - normal.p50),
  Math.max(0, full.p99 - normal.p50),
]

const loadOf = ({ load: { callers, msPerToken }, streaming }: Measured): string[] => [
  String(callers),
  msPerToken === 0 ? 'at once' : `a token in ${msPerToken} ms`,
  streaming ? 'streaming' : 'non-streaming',
]
const LOAD = ['callers', 'answers', 'form']

const absolute = (measured: readonly Measured[]): string =>
  table(
    [...LOAD, 'way', 'first p50', 'p99', 'last p50', 'p99', 'calls/s'],
    measured.map(one => [
      ...loadOf(one),
      one.way,
      figure(one.firstByteMs.p50),
      figure(one.firstByteMs.p99),
      figure(one.lastByteMs.p50),
      figure(one.lastByteMs.p99),
      figure(one.callsPerSecond, 0),
    ]),
  )

const added = (measured: readonly Measured[]): string => {
  const rows = measured
    .filter(({ way }) => way !== 'direct')
    .map(one => {
      const direct = sameLoad(measured, one, 'direct')
      return [
        ...loadOf(one),
        one.way,
        difference(one.firstByteMs.p50 - direct.firstByteMs.p50),
        difference(one.firstByteMs.p99 - direct.firstByteMs.p99),
        difference(one.lastByteMs.p50 - direct.lastByteMs.p50),
        difference(one.lastByteMs.p99 - direct.lastByteMs.p99),
        ratio(one.lastByteMs.p50 / direct.lastByteMs.p50),
      ]
    })
  const header = ['way', 'first p50', 'p99', 'last p50', 'p99', 'last to direct']
  return table([...LOAD, ...header], rows)
}

const sameLoad = (measured: readonly Measured[], one: Measured, way: Way): Measured => {
  const same = measured.find(
    other => other.way === way && other.load === one.load && other.streaming === one.streaming,
  )
  if (!same) throw new Error(`the way ${way} was not measured`)
  return same
}

/** Nothing without `--against`. */
const comparison = (measured: readonly Measured[]): string[] => {
  const rows = measured
    .filter(({ way }) => way === 'before')
    .map(before => {
      const now = sameLoad(measured, before, 'foreman')
      return [
        ...loadOf(now),
        ratio(before.firstByteMs.p50 / now.firstByteMs.p50, 3),
        ratio(before.firstByteMs.p99 / now.firstByteMs.p99, 3),
        ratio(before.lastByteMs.p50 / now.lastByteMs.p50, 3),
        ratio(before.lastByteMs.p99 / now.lastByteMs.p99, 3),
        ratio(before.callsPerSecond / now.callsPerSecond, 3),
      ]
    })
  if (rows.length === 0) return []
  const header = [...LOAD, 'first p50', 'p99', 'last p50', 'p99', 'calls/s']
  return [
    'before / foreman (times above 1, and calls/s below 1: foreman is faster now)',
    table(header, rows),
    '',
  ]
}
