import { Experience } from '@foreman/experience'
import type { Store } from '@foreman/store'
import { claimNext, submitJob, type TestJob } from '@foreman/store/testing'
import { describe, expect, test, vi } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { Forecaster } from './forecaster.ts'

const START = 1_000_000
const HALF_LIFE_MS = 300_000
const rules = { maxWaitMs: 60_000, maxWaitLowMs: 600_000, halfLifeMs: HALF_LIFE_MS, concurrency: 1 }

/** What a worker has learned: a job takes a second, and a load ten. */
const learned = (...groups: string[]): string => {
  const experience = new Experience(HALF_LIFE_MS)
  const attempt = { isLoad: true, wasAlone: true, streaming: true, headAfterMs: 10_000 }
  for (const groupKey of groups)
    experience.noteAnswer(
      { groupKey, account: 'nobody', sender: '' },
      { ...attempt, totalMs: 11_000, usage: { loadMs: 10_000 } },
      START,
    )
  return experience.toText()
}

/** A store with a worker and a target that are well, and a clock. */
const setUp = async ({ memory = learned('a', 'b') } = {}) => {
  const store = await tempStore()
  const clock = { now: START }
  await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: START }, START)
  await store.target.note({ state: 'up', rules })
  await store.queue.remember(memory)
  const forecaster = new Forecaster(store, () => clock.now)
  const submit = async (groupKey: string, differing: TestJob = {}, at = START) =>
    (await submitJob(store, { groupKey, model: groupKey, modelName: groupKey, ...differing }, at)).seq
  const of = async (seq: number) => forecaster.of((await store.records.bySeq(seq))!)
  const startsIn = async (seq: number) => {
    const { start, position } = await of(seq)
    return { inMs: start && start.at - clock.now, position }
  }
  return { store, clock, submit, of, startsIn }
}

const run = (store: Store, groupKey: string, at = START) => claimNext(store, groupKey, at)

describe('a queued job', () => {
  test('starts behind the job that runs, and behind those of its group', async () => {
    const { store, clock, submit, startsIn } = await setUp()
    await submit('a')
    await run(store, 'a')
    const [first, second] = [await submit('a'), await submit('a')]
    clock.now += 4_400
    // A load of ten seconds and a second of work.
    expect(await startsIn(first)).toEqual({ inMs: 6_600, position: 0 })
    expect(await startsIn(second)).toEqual({ inMs: 7_600, position: 1 })
  })

  test('of another group starts after the turn and a load', async () => {
    const { store, submit, startsIn, of } = await setUp()
    await submit('a')
    await run(store, 'a')
    await store.target.note({ residentGroups: ['a'] })
    for (let job = 0; job < 5; job++) await submit('a')
    const other = await submit('b')
    expect(await startsIn(other)).toEqual({ inMs: 11_000 + 5_000 + 10_000, position: 5 })
    expect((await of(other)).why).toEqual({
      code: 'other_turn',
      text: '6th in line for b, about 26 s, 70 s at the latest; a:latest has its turn',
    })
  })

  test('starts before the jobs of those who have used more', async () => {
    const { submit, startsIn } = await setUp()
    const bulk = []
    for (let job = 0; job < 5; job++) bulk.push(await submit('a', { account: 'bulk' }))
    const light = await submit('a', { account: 'ann' })
    expect((await startsIn(light)).position).toBe(1)
    expect((await startsIn(bulk[4]!)).position).toBe(5)
  })

  test('starts in the order of arrival where nobody’s use counts', async () => {
    const { store, submit, startsIn } = await setUp()
    await store.target.note({ rules: { ...rules, halfLifeMs: 0 } })
    for (let job = 0; job < 5; job++) await submit('a', { account: 'bulk' })
    expect((await startsIn(await submit('a', { account: 'ann' }))).position).toBe(5)
  })

  test('is seen although it came after the last look at the queue', async () => {
    const { submit, startsIn, clock } = await setUp()
    await startsIn(await submit('a'))
    clock.now += 100
    expect((await startsIn(await submit('b', {}, clock.now))).position).toBe(1)
  })
})

describe('no start is foretold', () => {
  test('where nothing was measured, but a position is', async () => {
    const { submit, startsIn } = await setUp({ memory: learned('b') })
    const [first, second] = [await submit('a'), await submit('b')]
    expect(await startsIn(first)).toEqual({ inMs: undefined, position: 0 })
    expect(await startsIn(second)).toEqual({ inMs: undefined, position: 1 })
  })

  test('while the target is away, or no worker runs', async () => {
    const { store, clock, submit, of } = await setUp()
    const job = await submit('a')
    await store.target.note({ state: 'away' })
    expect(await of(job)).toMatchObject({ position: 0, start: undefined, why: { code: 'target_away' } })
    clock.now += 60_000
    expect(await of(job)).toMatchObject({ position: 0, start: undefined, why: { code: 'worker_away' } })
  })

  test('of a job that waits for its next attempt: that says when it is', async () => {
    const { store, submit, of } = await setUp()
    const job = await submit('a')
    const claim = (await run(store, 'a'))!
    const back = { code: 'target_busy', spent: true, availableAt: START + 30_000 } as const
    await store.runs.release(claim, back, { now: START, ttlMs: 1 })
    expect(await of(job)).toEqual({
      position: undefined,
      start: undefined,
      why: { code: 'delayed', text: 'it is tried again in 30 s' },
      now: START,
    })
  })
})

describe('what is held back', () => {
  const by = 'ann'

  test('in a pause keeps its place, and nobody says when it starts', async () => {
    const { store, clock, submit, of } = await setUp()
    await submit('a')
    const job = await submit('a')
    await store.holds.set({ kind: 'pause', until: START + 7_200_000, by }, START)
    expect(await of(job)).toMatchObject({
      position: 1,
      start: undefined,
      why: { code: 'paused', text: '2nd in line for a; the queue is paused for another 2 h 0 min' },
    })
    clock.now += 7_200_000
    await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: START }, clock.now)
    expect(await of(job)).toMatchObject({ why: { code: 'behind_in_line' } })
  })

  test('by an operator says so, and counts for nobody else', async () => {
    const { store, submit, of, startsIn } = await setUp()
    const name = 'registry.ollama.ai/library/a:latest'
    await store.catalogue.replaceModels([{ name, digest: 'd', remote: false }])
    await store.catalogue.noteLoading('d', { weights: 'sha256-1' })
    const held = await submit('sha256-1|num_ctx=1', { model: 'a' })
    const low = await submit('b', { priority: 'low' })
    const bob = await submit('b', { account: 'bob' })
    const free = await submit('b')
    await store.holds.set({ kind: 'model', subject: name, by }, START)
    await store.holds.set({ kind: 'priority', subject: 'low', by }, START)
    await store.holds.set({ kind: 'caller', subject: 'bob', by }, START)
    expect((await of(held)).why).toEqual({ code: 'held', text: 'in line for a; a:latest is held' })
    expect((await of(low)).why).toMatchObject({ text: 'in line for b; jobs of low priority are held' })
    expect((await of(bob)).why).toMatchObject({ text: 'in line for b; the jobs of this caller are held' })
    expect(await startsIn(held)).toEqual({ inMs: undefined, position: undefined })
    expect((await startsIn(free)).position).toBe(1)
  })

  test('by a window says when that opens', async () => {
    const { store, clock, submit, of } = await setUp()
    const low = { kind: 'priority', subject: 'low', days: [6], from: 60, to: 120 } as const
    await store.target.note({ rules: { ...rules, windows: [low], timeZone: 'Europe/Berlin' } })
    // A Thursday.
    clock.now = Date.parse('2026-01-01T12:00:00Z')
    const job = await submit('a', { priority: 'low' }, clock.now)
    expect((await of(job)).why).toEqual({ code: 'held', text: 'in line for a; low runs from Sat 01:00' })
    clock.now = Date.parse('2026-01-02T12:00:00Z')
    expect((await of(job)).why).toMatchObject({ text: 'in line for a; low runs from 01:00' })
    await store.holds.set({ kind: 'open_priority', subject: 'low', by }, clock.now)
    clock.now += 1_000
    expect((await of(job)).why.code).not.toBe('held')
  })
})

test('while somebody is expected, the others are told so', async () => {
  const { store, submit, of } = await setUp()
  await submit('a')
  await run(store, 'a')
  await store.target.note({ expectingUntil: START + 400 })
  expect((await of(await submit('b'))).why).toMatchObject({ code: 'expecting' })
})

test('a thousand who ask read the queue once', async () => {
  const { store, submit, of } = await setUp()
  const job = await submit('a')
  const reads = vi.spyOn(store.records, 'lineCounts')
  for (let ask = 0; ask < 1_000; ask++) await of(job)
  expect(reads.mock.calls.length).toBeLessThanOrEqual(2)
})
