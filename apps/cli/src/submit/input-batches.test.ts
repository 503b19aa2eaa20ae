import { expect, test } from 'vitest'
import { type BatchLimits, halvesOf, type InputBatch, inputBatches } from './input-batches.ts'
import { inputLines } from './input-lines.ts'

const batchesOf = (
  lines: readonly string[],
  { run = '', ...limits }: Partial<BatchLimits> & { run?: string } = {},
): Promise<InputBatch[]> => {
  const source = (async function* () {
    yield Buffer.from(lines.join('\n'))
  })()
  const ofPrompts = { model: 'm', priority: undefined }
  return Array.fromAsync(
    inputBatches(inputLines(source, ofPrompts), { maxJobs: 2, maxBytes: 1_000, ...limits }, run),
  )
}

const numbersIn = (batches: readonly InputBatch[]) =>
  batches.map(({ lines }) => lines.map(line => line.number))
const keysOf = (batches: readonly InputBatch[]) => batches.map(({ key }) => key)

test('a batch has so many lines at the most, and so many bytes, but for a line that is larger by itself', async () => {
  expect(numbersIn(await batchesOf(['a', '', 'b', ' ', 'c']))).toEqual([[1, 3], [5]])
  const wide = 'w'.repeat(100)
  expect(numbersIn(await batchesOf(['a', wide, 'b', 'c'], { maxBytes: 100 }))).toEqual([[1], [2], [3, 4]])
})

test('the same input has the same keys, and no two batches have one', async () => {
  const lines = ['a', 'a', 'a', 'a', 'b']
  const keys = keysOf(await batchesOf(lines))
  expect(keysOf(await batchesOf(lines))).toEqual(keys)
  expect(new Set(keys).size).toBe(3)
})

test('lines that are added change no key but that of the last batch, and another run has other keys', async () => {
  const keys = keysOf(await batchesOf(['a', 'b', 'c']))
  const more = keysOf(await batchesOf(['a', 'b', 'c', 'd', 'e']))
  expect([more[0] === keys[0], more[1] === keys[1]]).toEqual([true, false])
  const other = keysOf(await batchesOf(['a', 'b', 'c'], { run: 'again' }))
  expect(other.filter(key => keys.includes(key))).toEqual([])
})

test('the halves of a batch have all its lines, and keys of their own', async () => {
  const [batch] = await batchesOf(['a', 'a', 'a'], { maxJobs: 3 })
  const halves = halvesOf(batch!)
  expect(numbersIn(halves)).toEqual([[1, 2], [3]])
  expect(new Set(keysOf([batch!, ...halves])).size).toBe(3)
})
