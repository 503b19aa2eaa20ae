import type { Timeline } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { laneOf } from './lane.ts'

const at = (second: number) => new Date(second * 1_000).toISOString()
const turn = (model: string, from: number, until: number | undefined, loadMs?: number) => ({
  target: 'default',
  group: `g_${model}`,
  models: [model],
  reason: 'drained',
  from: at(from),
  ...(until !== undefined && { until: at(until) }),
  ...(loadMs !== undefined && { load_ms: loadMs }),
  jobs: 1,
  tokens: 0,
  busy_ms: 0,
})

const lane = (turns: Timeline['turns'], phases: Timeline['phases'] = []) =>
  laneOf({ from: at(0), until: at(20), turns, phases, is_cut: false }, 0, 20_000, 20)

test('each model has a letter, and its loads are hatched', () => {
  const { line, legend } = lane([
    turn('llama', 0, 8, 1_000),
    turn('qwen', 8, 14, 1_000),
    turn('llama', 16, undefined, 1_000),
  ])
  expect(line).toBe('▒AAAAAAA▒BBBBB··▒AAA')
  expect(legend).toBe('A llama  B qwen')
})

test('a turn that is shorter than a cell is shown, and one that was over before is not', () => {
  expect(lane([turn('old', -9, -2), turn('short', 3, 3)]).line).toBe('···A················')
})

test('the target that was away is marked', () => {
  const away = { target: 'default', kind: 'away', from: at(10), until: at(12) }
  expect(lane([turn('llama', 0, 20)], [away]).line).toBe('AAAAAAAAAA××AAAAAAAA')
})
