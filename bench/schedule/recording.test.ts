import { expect, test } from 'vitest'
import recorded from './recorded.json' with { type: 'json' }
import { arrivalsOf, textOf } from './recording.ts'

const seen = (model: string, at: number) => ({ method: 'POST', path: '/api/chat', model, at })
const answered = (caller: string, model: string, sentAtMs: number) => ({
  caller,
  model,
  sentAtMs,
  workS: 0.1234,
  kind: 'chat',
})

test('an arrival is what the target has seen, with the caller who sent it', () => {
  const arrivals = arrivalsOf(
    [seen('alpha', 1_010), seen('beta', 1_020), seen('alpha', 1_345)],
    // In order of their answers.
    [answered('second', 'alpha', 40), answered('other', 'beta', 5), answered('first', 'alpha', 1)],
    { beganAtMs: 1_000, faster: 10 },
  )
  expect(arrivals).toEqual([
    { at: 0.1, caller: 'first', model: 'alpha', workS: 1.23, kind: 'chat' },
    { at: 0.2, caller: 'other', model: 'beta', workS: 1.23, kind: 'chat' },
    { at: 3.45, caller: 'second', model: 'alpha', workS: 1.23, kind: 'chat' },
  ])
})

test('what nobody sent is no arrival', () => {
  expect(() => arrivalsOf([seen('alpha', 1)], [], { beganAtMs: 0, faster: 1 })).toThrow(/not sent/)
})

test('the recording in the repository is in order of arrival, and complete', () => {
  const { loadS, jobs } = recorded
  expect(jobs).toEqual(jobs.toSorted((a, b) => a.at - b.at))
  expect(Object.keys(loadS)).toEqual(['alpha', 'beta', 'gamma'])
  expect(jobs.filter(({ kind }) => kind === 'bulk')).toHaveLength(60)
  expect(new Set(jobs.map(({ caller }) => caller))).toEqual(new Set(['p0', 'p1', 'p2', 'a0', 'a1', 'bulk']))
})

test('the text of a recording reads as the recording', () => {
  expect(JSON.parse(textOf(recorded))).toEqual(recorded)
})
