import type { ModelFigures } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { bytesInMemory, type ModelFacts, modelRows } from './model-rows.ts'

const figures = (model: string) => ({ model, jobs: 1 }) as ModelFigures
const hold = { id: 'hold_1', since: '2026-01-01T00:00:00Z' }

const rowsOf = ({
  resident = [],
  holds = [],
  ...more
}: Partial<Omit<ModelFacts, 'snapshot'>> & {
  resident?: object[]
  holds?: ModelFacts['snapshot']['holds']
}) =>
  modelRows({
    figures: [],
    windows: [],
    snapshot: { holds, targets: [{ resident }] as unknown as ModelFacts['snapshot']['targets'] },
    ...more,
  })

test('every model has one row, whatever is known of it', () => {
  const rows = rowsOf({
    figures: [figures('b:1'), figures('a:1')],
    resident: [{ model: 'embedder:1', memory_bytes: 5 }],
    holds: [
      { ...hold, kind: 'model', subject: 'a:1' },
      { ...hold, kind: 'priority', subject: 'low' },
    ],
    windows: [
      { kind: 'model', subject: 'night:1', is_open: false },
      { kind: 'priority', subject: 'low', is_open: true },
    ],
  })
  expect(rows.map(({ model, ...known }) => [model, Object.keys(known)])).toEqual([
    ['a:1', ['figures', 'hold']],
    ['b:1', ['figures']],
    ['embedder:1', ['resident']],
    ['night:1', ['window']],
  ])
})

test('the memory of a model counts once, however many groups it serves', () => {
  const twice = { model: 'a:1', memory_bytes: 5 }
  const rows = rowsOf({
    resident: [{ ...twice, group: 'g_1' }, { ...twice, group: 'g_2' }, { model: 'b:1' }],
  })
  expect(bytesInMemory(rows)).toBe(5)
})
