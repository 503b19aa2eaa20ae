import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { JobLostError } from '../../errors.ts'
import type { Run } from '../../values.ts'
import { appendOutput, claimNext, runningJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, logOf, readAll } from './look.ts'

const head = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] as const }
const x = Buffer.from('x')

const outputOf = async (store: Store, run: Pick<Run, 'seq'>) =>
  (await logOf(store, run)).filter(({ kind }) => kind !== 'event')

export const appendContract = (engine: Engine): void => {
  describe('output', () => {
    test('that is longer than an entry is split into entries without loss', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      const body = Buffer.from(Array.from({ length: 200_001 }, (_, at) => at % 251))
      const after = await store.runs.append(claim, { after: 0, head, body: [body.subarray(0, 100)] })
      const rest = new Uint8Array(body.buffer, body.byteOffset + 100, body.byteLength - 100)
      await store.runs.append(claim, { after, body: [rest] })
      const pieces = (await outputOf(store, claim)).flatMap(entry =>
        entry.kind === 'body' ? [entry.bytes] : [],
      )
      expect(pieces.map(({ byteLength }) => byteLength)).toEqual([100, 65_536, 65_536, 65_536, 3_293])
      expect(Buffer.concat(pieces).equals(body)).toBe(true)
    })

    test('is in the log in its order as one entry, and its bytes may be used again at once', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      const pieces = ['a', 'b', 'c'].map(text => Buffer.from(text))
      const appended = store.runs.append(claim, { after: 0, head, body: pieces })
      await appended
      for (const piece of pieces) piece.fill('z')
      expect((await readAll(store, claim)).pieces).toEqual(['head 200', 'abc'])
    })

    test('without bytes writes no entry', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      expect(await store.runs.append(claim, { after: 0, body: [Buffer.alloc(0)] })).toBe(0)
      expect(await store.runs.append(claim, { after: 0 })).toBe(0)
      expect(await outputOf(store, claim)).toEqual([])
      const after = await store.runs.append(claim, { after: 0, head })
      expect(await store.runs.append(claim, { after, body: [Buffer.alloc(0)] })).toBe(after)
      expect(await outputOf(store, claim)).toHaveLength(1)
    })
  })

  describe('an append', () => {
    test('returns the id of its last entry', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      const first = await store.runs.append(claim, { after: 0, head })
      expect((await outputOf(store, claim)).at(-1)?.id).toBe(first)
      await store.runs.progress(claim, { tokens: 1, now: 1_000 })
      const second = await store.runs.append(claim, { after: first, body: [x, Buffer.alloc(100_000)] })
      expect((await outputOf(store, claim)).at(-1)?.id).toBe(second)
    })

    test('that is repeated adds nothing, and returns the same id', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      const output = { after: 0, head, body: [x, x] }
      const first = await store.runs.append(claim, output)
      expect(await store.runs.append(claim, output)).toBe(first)
      const more = { after: first, body: [x] }
      const second = await store.runs.append(claim, more)
      await store.runs.progress(claim, { tokens: 1, now: 1_000 })
      expect(await Promise.all([store.runs.append(claim, more), store.runs.append(claim, more)])).toEqual([
        second,
        second,
      ])
      expect((await readAll(store, claim)).pieces).toEqual(['head 200', 'xx', 'x'])
    })

    test('behind an entry that is not there adds nothing, and tells that the job is lost', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      await expect(store.runs.append(claim, { after: 1_000, head })).rejects.toThrow(JobLostError)
      const after = await store.runs.append(claim, { after: 0, head })
      await expect(store.runs.append(claim, { after: after + 1, body: [x] })).rejects.toThrow(JobLostError)
      expect(await outputOf(store, claim)).toHaveLength(1)
      // The run itself has not lost its job: what it has appended is still there.
      expect(await store.runs.append(claim, { after, body: [x] })).toBeGreaterThan(after)
    })

    test('of a new attempt starts at 0, whatever earlier attempts have appended', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store, { streaming: false })
      const before = await appendOutput(store, claim, { head, body: x })
      await store.runs.release(claim, { code: 'stall', spent: true }, ending(2_000))
      const second = (await claimNext(store, 'm', 3_000))!
      await expect(store.runs.append(second, { after: before, head })).rejects.toThrow(JobLostError)
      expect(await store.runs.append(second, { after: 0, head })).toBeGreaterThan(before)
    })
  })
}
