import type { RanJob, StoreReader, TurnRow } from '@foreman/store'
import { expect, test } from 'vitest'
import { type ArrivalOutlook, arrivalOrderOf } from './arrival-order.ts'

const HOUR = { from: 100_000, until: 3_700_000 }
const outlook: ArrivalOutlook = { slots: 1, loadMs: () => 5_000, target: { residentGroups: null } }

type Turn = NonNullable<RanJob['turn']>

const turn = (id: number, startedAt: number, differing: Partial<Turn> = {}): Turn => ({
  id,
  startedAt,
  loadedAt: null,
  loadMs: null,
  ...differing,
})

/** A job that came then and ran at once, for a second. */
const job = (groupKey: string, createdAt: number, differing: Partial<RanJob> = {}): RanJob => ({
  groupKey,
  modelName: groupKey,
  createdAt,
  startedAt: createdAt,
  finishedAt: createdAt + 1_000,
  loadMs: null,
  turn: null,
  ...differing,
})

const orderOf = (
  jobs: readonly RanJob[],
  before: readonly string[] = [],
  differing: Partial<ArrivalOutlook> = {},
) => {
  const history = {
    ran: (_time: object, limit: number) => Promise.resolve(jobs.slice(-limit)),
    turns: () => Promise.resolve(before.map(groupKey => ({ groupKey }) as TurnRow)),
  }
  return arrivalOrderOf({ history } as unknown as StoreReader, { ...outlook, ...differing }, HOUR)
}

const workMsOf = async (ran: RanJob) => {
  const { turns } = await orderOf([ran], [ran.groupKey])
  return Date.parse(turns[0]!.until) - Date.parse(turns[0]!.from)
}

test('the same jobs are served in the order in which they came', async () => {
  const jobs = 'abab'.split('').map((groupKey, at) => job(groupKey, 200_000 + at))
  const { turns, ...rest } = await orderOf(jobs)
  expect(rest).toEqual({
    from: '1970-01-01T00:01:40.000Z',
    until: '1970-01-01T01:01:40.000Z',
    jobs: 4,
    is_cut: false,
    ended_at: '1970-01-01T00:03:44.000Z',
    loads: 4,
    load_ms: 20_000,
    actual: { loads: 0, load_ms: 0 },
  })
  expect(turns[1]).toEqual({
    group: expect.stringMatching(/^g_[0-9a-f]{8}$/) as string,
    models: ['b:latest'],
    from: '1970-01-01T00:03:26.000Z',
    loaded_at: '1970-01-01T00:03:31.000Z',
    load_ms: 5_000,
    until: '1970-01-01T00:03:32.000Z',
    jobs: 1,
  })
})

test('what had the last turns before is in memory at the beginning', async () => {
  const jobs = [job('a', 200_000), job('b', 200_001)]
  const loads = async (before: string[], residentGroups: string[] = []) =>
    (await orderOf(jobs, before, { target: { residentGroups } })).loads
  expect(await loads([])).toBe(2)
  expect(await loads(['b', 'a', 'a'])).toBe(1)
  expect(await loads(['a', 'b', 'a'], ['x', 'y'])).toBe(0)
})

test('so many models are in memory together as now, or as ran within one turn', async () => {
  const loads = async (turns: (Turn | null)[], ...residentGroups: string[]) => {
    const jobs = 'abab'.split('').map((groupKey, at) => job(groupKey, 200_000 + at, { turn: turns[at % 2]! }))
    return (await orderOf(jobs, [], { target: { residentGroups } })).loads
  }
  const [one, other] = [turn(1, 200_000), turn(2, 300_000)]
  expect(await loads([null, null])).toBe(4)
  expect(await loads([one, other])).toBe(4)
  expect(await loads([one, one])).toBe(2)
  expect(await loads([one, other], 'x', 'y')).toBe(2)
  // One model, as two kinds of jobs see it.
  expect(await loads([one, other], 'x', 'x|num_gpu=1')).toBe(4)
})

test('what happened is the loads of the turns in which these jobs ran, of those that began in the time', async () => {
  const loaded = { loadMs: 7_000 }
  const turns = [turn(1, 90_000, loaded), turn(2, 200_000, loaded), turn(3, 300_000)]
  const jobs = [turns[0]!, turns[1]!, turns[1]!, turns[2]!].map(of =>
    job('a', of.startedAt + 20_000, { turn: of }),
  )
  expect((await orderOf(jobs)).actual).toEqual({ loads: 1, load_ms: 7_000 })
})

test('a load takes as long as it did then where it was never measured', async () => {
  const jobs = [job('a', 200_000, { turn: turn(1, 200_000, { loadMs: 7_000 }) }), job('b', 200_001)]
  expect(await orderOf(jobs, [], { loadMs: () => 0 })).toMatchObject({ loads: 2, load_ms: 7_000 })
})

test.each<[what: string, differing: Partial<RanJob>, workMs: number]>([
  ['from its start to its end', {}, 1_000],
  ['less the load that its answer states', { loadMs: 300 }, 700],
  [
    'less the load of its turn, where the answer states none',
    { turn: turn(1, 1, { loadedAt: 200_500, loadMs: 400 }) },
    600,
  ],
  [
    'with all of it, if its model was loaded before',
    { turn: turn(1, 1, { loadedAt: 200_000, loadMs: 400 }) },
    1_000,
  ],
  ['and never less than nothing', { loadMs: 9_000 }, 0],
])('a job takes the time %s', async (_what, differing, workMs) => {
  expect(await workMsOf(job('a', 200_000, differing))).toBe(workMs)
})

test('of too many jobs the last ones count, and the beginning is the arrival of the first of them', async () => {
  const jobs = Array.from({ length: 5_001 }, (_, at) => job('a', 200_000 + at))
  expect(await orderOf(jobs)).toMatchObject({ jobs: 5_000, is_cut: true, from: '1970-01-01T00:03:20.001Z' })
  expect(await orderOf(jobs.slice(1))).toMatchObject({ jobs: 5_000, is_cut: false })
})

test('without a job there is nothing', async () => {
  const order = await orderOf([])
  expect(order).toMatchObject({ jobs: 0, loads: 0, turns: [] })
  expect(order).not.toHaveProperty('ended_at')
})
