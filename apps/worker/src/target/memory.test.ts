import { expect, test } from 'vitest'
import type { Resident } from './answers.ts'
import { memoryOf } from './memory.ts'

const canonical = (name: string) => `registry.ollama.ai/library/${name}:latest`
const said = (name: string, bytes: number | undefined, expiresAt: number): Resident => ({
  name,
  bytes,
  expiresAt,
})

test('a model that has served jobs is shown with what the target says of it, however it spells the name', () => {
  const loaded = [{ groups: ['g', 'g|num_ctx=1'], names: [canonical('a')] }]
  expect(memoryOf(loaded, [said('a:latest', 7, 9_000)], 9)).toEqual([
    { name: canonical('a'), groups: ['g', 'g|num_ctx=1'], bytes: 7, expiresAt: 9_000 },
  ])
})

test('of several names it has the one that the target says, and otherwise the last', () => {
  const loaded = [{ groups: ['g'], names: ['one', 'two'].map(canonical) }]
  const nameOf = (...residents: Resident[]) => memoryOf(loaded, residents, 9).map(({ name }) => name)
  expect(nameOf(said('one', 7, 9_000))).toEqual([canonical('one')])
  expect(nameOf()).toEqual([canonical('two')])
})

test('what the target does not say is left open', () => {
  const loaded = [{ groups: ['g'], names: [canonical('a')] }]
  const open = { name: canonical('a'), groups: ['g'], bytes: null, expiresAt: null }
  expect(memoryOf(loaded, [], 9)).toEqual([open])
  expect(memoryOf(loaded, [said('a', undefined, Number.NaN)], 9)).toEqual([open])
})

test('a model that has served no job is shown, too', () => {
  expect(memoryOf([], [said('embed', 3, 9_000)], 9)).toEqual([
    { name: canonical('embed'), groups: [], bytes: 3, expiresAt: 9_000 },
  ])
})

test('so many are shown, and of each so many groups', () => {
  const loaded = ['a', 'b', 'c'].map(name => ({ groups: ['g', 'h', 'i'], names: [canonical(name)] }))
  const shown = memoryOf(loaded, [], 2)
  expect(shown.map(({ groups }) => groups)).toEqual([
    ['h', 'i'],
    ['h', 'i'],
  ])
})
