import type { Commits } from './commit-cost.ts'
import type { Measured } from './latency.ts'
import { difference, figure, table } from './table.ts'

/** What was measured, what foreman adds to it, and what a commit costs. */
export const describeLatency = (measured: readonly Measured[], commit: Commits): string =>
  [
    'Time to an answer (ms; the median of rounds that take turns)',
    absolute(measured),
    '',
    'Added by foreman (ms above direct)',
    added(measured, commit),
    '',
    'One commit on that disk (ms)',
    table(
      ['', 'p50', 'p99'],
      [
        ['full: on the disk when it returns', figure(commit.full.p50, 3), figure(commit.full.p99, 3)],
        ['normal: handed to the system', figure(commit.normal.p50, 3), figure(commit.normal.p99, 3)],
        ['its fsync: full less the normal p50', ...fsyncOf(commit).map(ms => figure(ms, 3))],
        [
          "taking a job over (the store's verb, fsync included)",
          figure(commit.accept.p50, 3),
          figure(commit.accept.p99, 3),
        ],
      ],
    ),
  ].join('\n')

/** Now and then a normal commit moves pages out of the log, so that its own p99 says nothing here. */
const fsyncOf = ({ full, normal }: Commits): [p50: number, p99: number] => [
  Math.max(0, full.p50 - normal.p50),
  Math.max(0, full.p99 - normal.p50),
]

const loadOf = ({ load: { callers, msPerToken }, streams }: Measured): string[] => [
  String(callers),
  msPerToken === 0 ? 'at once' : `a token in ${msPerToken} ms`,
  streams ? 'stream' : 'whole',
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

const added = (measured: readonly Measured[], commit: Commits): string => {
  const [fsyncP50, fsyncP99] = fsyncOf(commit)
  const rows = measured
    .filter(({ way }) => way !== 'direct')
    .map(one => {
      const direct = measured.find(
        ({ way, load, streams }) => way === 'direct' && load === one.load && streams === one.streams,
      )
      if (!direct) throw new Error('nothing was measured directly')
      const first = one.firstByteMs.p50 - direct.firstByteMs.p50
      const firstP99 = one.firstByteMs.p99 - direct.firstByteMs.p99
      const isOnDisk = one.way === 'foreman'
      return [
        ...loadOf(one),
        one.way,
        difference(first),
        difference(firstP99),
        isOnDisk ? difference(first - fsyncP50) : difference(first),
        isOnDisk ? difference(firstP99 - fsyncP99) : difference(firstP99),
        difference(one.lastByteMs.p50 - direct.lastByteMs.p50),
        difference(one.lastByteMs.p99 - direct.lastByteMs.p99),
        `${figure(one.lastByteMs.p50 / direct.lastByteMs.p50)}x`,
      ]
    })
  const header = ['way', 'first p50', 'p99', 'less fsync p50', 'p99', 'last p50', 'p99', 'last to direct']
  return table([...LOAD, ...header], rows)
}
