import { describe, expect, test } from 'vitest'
import { decide, type Line, type Situation } from './decide.ts'
import { type Admission, Gate, type Held, heldNow, type Hold, holdsSome, Openings } from './held.ts'
import { parseWindows } from './windows.ts'

/** A Thursday. */
const NOW = Date.parse('2026-01-01T12:00:00Z')
const AT_22 = NOW + 10 * 3_600_000

const hold = (kind: Hold['kind'], subject = '', until: number | null = null): Hold => ({
  kind,
  subject,
  until,
})
const openings = (text = '') => new Openings(parseWindows(text, ['high', 'normal', 'low'])!, 'UTC')

/** What is held, by its names, with its ends. */
const heldAt = (holds: readonly Hold[], windows = '', now = NOW) => {
  const held = heldNow(holds, openings(windows), now)
  const told = (each: Held) => `${each.by} ${each.subject}`.trim() + (each.isWindow ? ' by a window' : '')
  const all = [
    held.pause ?? [],
    ...held.models.values(),
    ...held.priorities.values(),
    ...held.callers.values(),
  ].flat()
  expect(holdsSome(held)).toBe(all.some(({ by }) => by !== 'pause'))
  return { names: all.map(told), ends: all.map(({ until }) => until), nextAt: held.nextAt }
}

describe('what is held', () => {
  test.each<[what: string, holds: Hold[], windows: string, names: string[], nextAt: number]>([
    ['is nothing without holds and windows', [], '', [], Infinity],
    [
      'is what an operator holds',
      [hold('model', 'm'), hold('caller', 'ann')],
      '',
      ['model m', 'caller ann'],
      Infinity,
    ],
    ['is everything in a pause', [hold('pause')], '', ['pause'], Infinity],
    ['is nothing because nothing is accepted', [hold('close')], '', [], Infinity],
    ['is held until its time is over', [hold('pause', '', NOW + 1)], '', ['pause'], NOW + 1],
    ['is not held from then on', [hold('pause', '', NOW)], '', [], Infinity],
    ['is what has no open window', [], 'low 22:00-07:00', ['priority low by a window'], AT_22],
    ['is not what has one', [], 'low 11:00-22:00, model:m 11:00-12:01', [], NOW + 60_000],
    ['is not what an operator lets through', [hold('open_priority', 'low')], 'low 22:00-07:00', [], AT_22],
    [
      'is what an operator let through until now',
      [hold('open_priority', 'low', NOW)],
      'low 22:00-07:00',
      ['priority low by a window'],
      AT_22,
    ],
    [
      'is what an operator holds within its window',
      [hold('priority', 'low')],
      'low thu',
      ['priority low'],
      NOW + 12 * 3_600_000,
    ],
    [
      'is a model by its own window and holds only',
      [hold('open_priority', 'm'), hold('open_model', 'low')],
      'model:m 22:00-07:00, low 22:00-07:00',
      ['model m by a window', 'priority low by a window'],
      AT_22,
    ],
  ])('%s', (_what, holds, windows, names, nextAt) => {
    expect(heldAt(holds, windows)).toMatchObject({ names, nextAt })
  })

  test('is told with its end', () => {
    const holds = [hold('pause', '', 5 + NOW), hold('model', 'm')]
    expect(heldAt(holds, 'low 22:00-07:00').ends).toEqual([5 + NOW, null, AT_22])
  })

  test('follows the clock, also when that is set back', () => {
    const one = openings('low 22:00-07:00')
    const closed = (now: number) => one.at(now).closed.length
    expect([closed(NOW), closed(AT_22 - 1), closed(AT_22), closed(NOW)]).toEqual([1, 1, 0, 1])
  })
})

describe('the gate', () => {
  const line = (groupKey: string, oldestCreatedAt: number, priority = 1): Line => ({
    groupKey,
    priority,
    oldestSeq: oldestCreatedAt,
    oldestCreatedAt,
  })
  const [old, other] = [line('a', 1_000), line('b', 9_000)]
  const held: Admission = { starts: 'none', held: 'line' }
  const free = (): Admission => ({ starts: 'all' })
  const holding =
    (...groups: string[]) =>
    ({ groupKey }: Line): Admission =>
      groups.includes(groupKey) ? held : free()

  test('lets all pass as they are while nothing is held', () => {
    expect(new Gate().pass([old, other], free, 10_000)).toEqual([old, other])
  })

  test('keeps what is held back, and its wait begins when it is let go', () => {
    const gate = new Gate()
    expect(gate.pass([old, other], holding('a'), 10_000)).toEqual([other])
    expect(gate.pass([old, other], holding('a'), 20_000)).toEqual([other])
    const released = { ...old, waitsSince: 30_000 }
    expect(gate.pass([old, other], free, 30_000)).toEqual([released, other])
    expect(gate.pass([old, other], free, 40_000)).toEqual([released, other])
  })

  test('forgets a line that has no more jobs', () => {
    const gate = new Gate()
    gate.pass([old], holding('a'), 10_000)
    gate.pass([old], free, 20_000)
    gate.pass([], free, 30_000)
    expect(gate.pass([old], free, 40_000)).toEqual([old])
  })

  test('takes the oldest of those that may start for the oldest, also after the others were let go', () => {
    const gate = new Gate()
    const oldest = { oldestSeq: 7, oldestCreatedAt: 8_000 }
    const passed = gate.pass([old], () => ({ starts: 'some', oldest }), 10_000)
    expect(passed).toEqual([{ ...old, ...oldest, waitsSince: 8_000 }])
    expect(gate.pass([old], free, 20_000)).toEqual([{ ...old, waitsSince: 8_000 }])
  })

  test('counts the wait of others from their arrival where all jobs were of a caller that is held', () => {
    const gate = new Gate()
    gate.pass([old], () => ({ starts: 'none', held: 'callers' }), 10_000)
    const oldest = { oldestSeq: 7, oldestCreatedAt: 11_000 }
    const some = (): Admission => ({ starts: 'some', oldest })
    expect(gate.pass([old], some, 20_000)).toEqual([{ ...old, ...oldest, waitsSince: 11_000 }])
    gate.pass([old], () => held, 30_000)
    expect(gate.pass([old], some, 40_000)).toEqual([{ ...old, ...oldest, waitsSince: 40_000 }])
    gate.pass([old], () => ({ starts: 'none', held: 'callers' }), 50_000)
    expect(gate.pass([old], free, 60_000)).toEqual([{ ...old, waitsSince: 60_000 }])
  })

  const situation = (lines: readonly Line[], now: number): Situation => ({
    turn: { groupKey: 'a', startedAt: 0, isOver: true },
    isResident: () => false,
    lines,
    now,
    maxWaitMs: 60_000,
    maxWaitLowMs: 600_000,
    loadMs: () => 1_000,
    servedAt: () => 0,
    expectation: undefined,
  })

  test('after a pause nothing is overdue, and what is in memory goes on', () => {
    const gate = new Gate()
    const lines = [line('a', 5), line('b', 1), line('c', 2), line('d', 3)]
    gate.pass(lines, () => held, 1_000)
    const passed = gate.pass(lines, free, 10_000_000)
    expect(decide(situation(passed, 10_000_000))).toEqual({
      groupKeys: ['a'],
      reason: 'resident',
      turnStartedAt: 10_000_000,
    })
  })

  test('a job of low priority does not become a normal one while it is held', () => {
    const gate = new Gate()
    const lines = [line('b', 1, 2), line('c', 2)]
    gate.pass(lines, holding('b'), 1_000)
    const passed = gate.pass(lines, free, 10_000_000)
    expect(decide(situation(passed, 10_000_000))).toMatchObject({ groupKeys: ['c'], reason: 'drained' })
  })
})
