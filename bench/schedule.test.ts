import fs from 'node:fs'
import { expect, test } from 'vitest'
import { documentFile, plotFile } from './schedule.ts'
import { cases } from './schedule/cases.ts'
import { compareAll, plot, tables, withTables } from './schedule/document.ts'
import { jainsIndex, mean, outcomeOf } from './schedule/measure.ts'
import { defaults, drain, foreman, inOrderOfArrival } from './schedule/policies.ts'
import { simulate } from './schedule/simulate.ts'
import { batch, bulk } from './schedule/trace.ts'

const compared = compareAll()

test('docs/scheduling.md and its plot are what the benchmark makes', () => {
  const text = fs.readFileSync(documentFile, 'utf8')
  expect(withTables(text, tables(compared))).toBe(text)
  expect(plot(compared)).toBe(fs.readFileSync(plotFile, 'utf8'))
})

test('foreman keeps its bound in all cases, and an order without a bound does not', () => {
  const violations = (policy: string) =>
    compared.flatMap(({ outcomes }) =>
      outcomes.filter(one => one.policy === policy).map(({ outcome }) => outcome.violations),
    )
  for (const policy of ['foreman', 'foreman, FOREMAN_MAX_WAIT=30s', 'drain, 60 s'])
    expect(violations(policy)).toEqual(cases.map(() => 0))
  expect(Math.max(...violations('drain, no bound'))).toBeGreaterThan(0)
  expect(Math.max(...violations('order of arrival'))).toBeGreaterThan(0)
})

test('no order ends before what is possible in hindsight', () => {
  for (const { outcomes, hindsight } of compared.filter(one => one.hindsight.length > 0)) {
    const leastS = mean(hindsight.map(({ makespanS }) => makespanS))
    for (const { outcome } of outcomes) expect(outcome.makespanS).toBeGreaterThan(leastS - 1e-3)
  }
})

test('every job of a trace runs once, in any order', () => {
  for (const { make, room } of cases) {
    const trace = make(3)
    for (const policy of [inOrderOfArrival, drain(60_000), foreman()]) {
      const { done } = simulate(trace, policy, { room, seed: 3 })
      expect(new Set(done.map(({ seq }) => seq)).size).toBe(done.length)
      // Agents send as many jobs as they get answers for.
      const known = done.filter(({ agent }) => agent === undefined)
      expect(known).toHaveLength(trace.jobs.length)
    }
  }
})

test('one job runs at a time, and none before it has come', () => {
  const { done, loads, makespanS } = simulate(batch(60, 3, 10)(1), foreman(), { room: 1, seed: 1 })
  for (const [at, { beganAt, at: arrivedAt, endedAt }] of done.entries()) {
    expect(beganAt).toBeGreaterThanOrEqual(Math.max(arrivedAt, done[at - 1]?.endedAt ?? 0))
    expect(endedAt).toBe(beganAt + done[at]!.workS)
  }
  expect([loads, makespanS]).toEqual([3, expect.closeTo(90.1)])
})

test('without a half-life the order of arrival decides between callers', () => {
  const order = (halfLifeMs: number) =>
    simulate(bulk(10, true)(1), foreman({ ...defaults, halfLifeMs }), { room: 1, seed: 1 }).done.map(
      ({ seq }) => seq,
    )
  expect(order(0)).toEqual(order(0).toSorted((a, b) => a - b))
  expect(order(300_000)).not.toEqual(order(0))
})

test("Jain's index is 1 for equal shares, and falls to one nth when one has all", () => {
  expect(jainsIndex([2, 2, 2])).toBe(1)
  expect(jainsIndex([5, 0, 0, 0])).toBe(0.25)
})

test('a caller without jobs is owed nothing', () => {
  const job = (caller: string, at: number, beganAt: number, endedAt: number) => ({
    seq: at,
    at,
    caller,
    model: 'm0',
    kind: 'all',
    priority: 1,
    workS: endedAt - beganAt,
    agent: undefined,
    beganAt,
    endedAt,
  })
  // Both got half of the time while they had a job: one of them at once, the other one in two pieces with an hour between them.
  const done = [job('b', 0, 0, 2), job('a', 0, 2, 4), job('b', 3_600, 3_604, 3_606)]
  expect(outcomeOf([{ done, loads: 1, makespanS: 3_606, violations: 0 }]).fairness).toBe(1)
})
