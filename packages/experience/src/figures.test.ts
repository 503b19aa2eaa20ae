import { describe, expect, test } from 'vitest'
import { type Attempt, Figures } from './figures.ts'

const MB = 1_000_000

const create = (bytes: Readonly<Record<string, number>> = {}) => new Figures(weights => bytes[weights])

/** A stream of ten seconds, sent to load its model, of which the target says nothing. */
const unsaid: Attempt = {
  totalMs: 10_000,
  usage: undefined,
  headAfterMs: 6_000,
  isLoad: true,
  wasAlone: true,
  streaming: true,
}
const said = (loadMs: number, differing: Partial<Attempt> = {}): Attempt => ({
  ...unsaid,
  usage: { loadMs },
  ...differing,
})
const resident = { isLoad: false, headAfterMs: 2_000 } as const

describe('the time of a load', () => {
  test('is not known before there was one', () => {
    expect(create().loadMs('a')).toBe(0)
  })

  test('is a moving mean, for each group', () => {
    const figures = create()
    for (const ms of [5_000, 8_000]) figures.noteAnswer('a', said(ms))
    figures.noteAnswer('b', said(500))
    expect([figures.loadMs('a'), figures.loadMs('b')]).toEqual([5_900, 500])
  })

  test('is the time before the answer where the target does not say it, but only of a stream', () => {
    const [ofStream, ofWhole] = [create(), create()]
    expect(ofStream.noteAnswer('a', unsaid)).toBe(4_000)
    ofWhole.noteAnswer('a', { ...unsaid, streaming: false })
    expect([ofStream.loadMs('a'), ofWhole.loadMs('a')]).toEqual([6_000, 0])
  })

  test('is that of another group of the same weights, before the group was loaded', () => {
    const figures = create()
    figures.noteAnswer('a|num_ctx=8192', said(5_000))
    expect([figures.loadMs('a'), figures.loadMs('b')]).toEqual([5_000, 0])
    figures.noteAnswer('a', said(3_000))
    expect([figures.loadMs('a'), figures.loadMs('a|num_ctx=8192')]).toEqual([3_000, 5_000])
  })

  test('is guessed from the size of the weights file, by the speed of the loads so far', () => {
    const figures = create({ a: 4_000 * MB, b: 1_000 * MB })
    expect([figures.loadMs('a'), figures.loadMs('b|num_ctx=1')]).toEqual([4_000, 1_000])
    figures.noteAnswer('a', said(8_000))
    expect(figures.loadMs('b')).toBeCloseTo(1_300)
  })

  test('is learned from a job whose model was taken for loaded, but not from one that waited for the load of another', () => {
    const [alone, beside] = [create(), create()]
    alone.noteAnswer('a', said(6_000, { isLoad: false }))
    beside.noteAnswer('a', said(6_000, { isLoad: false, wasAlone: false }))
    expect([alone.loadMs('a'), beside.loadMs('a')]).toEqual([6_000, 0])
  })

  test('is not learned from a job whose model was in memory, however long it took to find it there', () => {
    const figures = create()
    for (const ms of [8_000, 99]) figures.noteAnswer('a', said(ms))
    for (const ms of [300, 310]) figures.noteAnswer('a', said(ms, resident))
    expect(figures.loadMs('a')).toBe(8_000)
  })
})

describe('the time of a job', () => {
  test('is a moving mean, without loads', () => {
    const figures = create()
    figures.noteAnswer('a', said(6_000))
    figures.noteAnswer('a', said(0, resident))
    expect(figures.of('a').workMs).toBeCloseTo(5_800)
  })

  test('is told for each token as well, by the target', () => {
    const figures = create()
    const usage = { loadMs: 0, promptTokens: 100, promptMs: 500, completionTokens: 20, answerMs: 1_000 }
    figures.noteAnswer('a', { ...unsaid, ...resident, usage })
    expect(figures.of('a')).toMatchObject({ promptTokenMs: 5, answerTokenMs: 50, answerTokens: 20 })
  })

  test('is told for each token by the clock, where the target gives only the tokens of a stream that began without a load', () => {
    const usage = { promptTokens: 100, completionTokens: 20 }
    const [ofResident, ofLoad] = [create(), create()]
    ofResident.noteAnswer('a', { ...unsaid, ...resident, usage })
    ofLoad.noteAnswer('a', { ...unsaid, usage })
    expect(ofResident.of('a')).toMatchObject({ promptTokenMs: 20, answerTokenMs: 400 })
    expect(ofLoad.of('a')).toEqual({ loadMs: 6_000, workMs: 4_000, answerTokens: 20 })
  })
})

test('the figures are known to a worker that follows', () => {
  const [before, after] = [create(), create()]
  before.noteAnswer('a|num_ctx=1', said(6_000))
  after.takeOver(before.toKept())
  expect(after.of('a|num_ctx=1')).toEqual(before.of('a|num_ctx=1'))
  expect(after.loadMs('a')).toBe(6_000)
})

describe('whether the target has loaded a model for a job', () => {
  test.each<[what: string, attempt: Attempt, loaded: boolean | undefined]>([
    ['it says so', said(100), true],
    ['it says that it took less than any load takes', said(24), false],
    ['it says how long, but that may be a tiny model or a busy machine', said(25), undefined],
    ['it says how long, and that is not quite a load', said(99), undefined],
    ['it says nothing', unsaid, undefined],
    ['it says nothing, but answered in less than any load takes', { ...unsaid, headAfterMs: 24 }, false],
    ['its answer did not begin', { ...unsaid, headAfterMs: undefined }, undefined],
    [
      'it may have waited for the load of another job',
      said(100, { isLoad: false, wasAlone: false }),
      undefined,
    ],
  ])('is known or not where %s', (_what, attempt, loaded) => {
    expect(create().hasLoaded('a', attempt)).toBe(loaded)
  })

  test.each<[what: string, foundMs: readonly number[], loadMs: number, loaded: boolean | undefined]>([
    ['not three times as long as that', [200], 599, false],
    ['three times as long as that', [200], 600, true],
    ['three times as long as the shortest of them', [300, 200, 300], 600, true],
    ['three times as long as that, but too short for a load', [2], 99, undefined],
    ['a second is not so long', [1_001], 100, true],
  ])('depends on how long it takes to find one that is in memory: %s', (_what, foundMs, loadMs, loaded) => {
    const figures = create()
    for (const ms of foundMs) figures.noteAnswer('a', said(ms, resident))
    expect(figures.hasLoaded('a|num_ctx=1', said(loadMs))).toBe(loaded)
    expect(figures.hasLoaded('b', said(100))).toBe(true)
  })

  test.each<[what: string, attempt: Attempt]>([
    ['was sent to load its model', said(200)],
    ['may have waited for the load of another', said(200, { isLoad: false, wasAlone: false })],
  ])('does not depend on how long it took for a job that %s', (_what, attempt) => {
    const figures = create()
    figures.noteAnswer('a', attempt)
    expect(figures.hasLoaded('a', said(200))).toBe(true)
  })
})
