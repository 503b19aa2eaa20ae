import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { ArrivalLostError } from '../../errors.ts'
import { newBatchId, newFileId } from '../../ids.ts'
import type { FileRow } from '../../values.ts'
import { newJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, HOUR_MS, upkeep } from './look.ts'

const NOW = 1_000_000
const DAY_MS = 24 * HOUR_MS
const UPLOAD_MS = 600_000

const upload = async (store: Store, parts: readonly string[], caller = 'ann'): Promise<FileRow> => {
  const id = newFileId(NOW)
  const seq = await store.files.begin({ id, caller, name: 'a.jsonl', purpose: 'batch' }, NOW)
  for (const [n, part] of parts.entries()) await store.files.addPart({ seq }, n, Buffer.from(part))
  await store.files.complete({ seq }, { parts: parts.length, bytes: parts.join('').length }, NOW)
  return (await store.files.byId(id))!
}

const batchWith = async (store: Store, { seq }: FileRow) => {
  const { arrivals } = store.submissions
  const id = newBatchId(NOW)
  const origin = { endpoint: '/v1/completions', inputFile: seq, completionWindow: '24h' }
  const arrival = await arrivals.begin(NOW, { id, caller: 'ann', createdAt: NOW, origin })
  const job = newJob({ line: { line: 1 } })
  const adding = { arrival, jobs: [job], groupKeyOf: () => 'm', now: NOW, batch: id }
  const [added] = await arrivals.add(adding)
  const batch = { id, replay: undefined, at: NOW }
  await arrivals.accept(arrival, { jobs: 1, parts: 0, witness: added!.seq, batch })
  return { id, job: added! }
}

export const filesContract = (engine: Engine): void => {
  describe('a file', () => {
    test('is found once it is whole', async () => {
      const { store } = await engine.create()
      const id = newFileId(NOW)
      const file = { id, caller: 'ann', name: 'a.jsonl', purpose: 'batch' }
      const seq = await store.files.begin(file, NOW)
      expect(await store.files.begin(file, NOW)).toBe(seq)
      for (const _again of [1, 2]) await store.files.addPart({ seq }, 0, Buffer.from('ab'))
      expect(await store.files.byId(id)).toBeUndefined()
      expect(await store.files.list({ limit: 10 })).toEqual([])
      await store.files.complete({ seq }, { parts: 1, bytes: 2 }, NOW)
      const row = { ...file, seq, bytes: 2, createdAt: NOW, expiresAt: NOW + DAY_MS }
      expect(await store.files.byId(id)).toEqual(row)
      expect((await store.files.part({ seq }, 0))?.toString()).toBe('ab')
      expect(await store.files.part({ seq }, 1)).toBeUndefined()
    })

    test('is not whole without one of its parts', async () => {
      const { store } = await engine.create()
      const file = { id: newFileId(NOW), caller: 'ann', name: 'a', purpose: 'batch' }
      const seq = await store.files.begin(file, NOW)
      await store.files.addPart({ seq }, 1, Buffer.from('b'))
      const whole = store.files.complete({ seq }, { parts: 2, bytes: 2 }, NOW)
      await expect(whole).rejects.toThrow(ArrivalLostError)
    })

    test('is listed with the newest first, for its caller or for all', async () => {
      const { store } = await engine.create()
      const first = await upload(store, ['a'])
      const second = await upload(store, ['b'], 'bob')
      expect(await store.files.list({ limit: 10 })).toEqual([second, first])
      expect(await store.files.list({ limit: 10, caller: 'ann' })).toEqual([first])
      expect(await store.files.list({ limit: 10, before: second.seq })).toEqual([first])
      expect(await store.files.list({ limit: 1 })).toEqual([second])
    })

    test('that is not whole in time is deleted, and cannot become whole', async () => {
      const { store, counts } = await engine.create()
      const before = await counts()
      const file = { id: newFileId(NOW), caller: 'ann', name: 'a', purpose: 'batch' }
      const seq = await store.files.begin(file, NOW)
      await store.files.addPart({ seq }, 0, Buffer.from('b'))
      await upkeep(store, NOW + UPLOAD_MS - 1)
      expect((await counts()).fileParts).toBe(1)
      await upkeep(store, NOW + UPLOAD_MS)
      expect(await counts()).toEqual(before)
      await expect(store.files.addPart({ seq }, 1, Buffer.from('b'))).rejects.toThrow(ArrivalLostError)
      const whole = store.files.complete({ seq }, { parts: 0, bytes: 0 }, NOW)
      await expect(whole).rejects.toThrow(ArrivalLostError)
    })

    test('that no batch has is deleted after a day, in steps', async () => {
      const { store, counts } = await engine.create()
      const before = await counts()
      const parts = Array.from({ length: 40 }, () => 'x')
      const { id } = await upload(store, parts)
      await upkeep(store, NOW + DAY_MS - 1)
      expect(await store.files.byId(id)).toBeDefined()
      const left = [40]
      for (let more = true; more;) {
        more = (await store.upkeep.step(NOW + DAY_MS)).more
        left.push((await counts()).fileParts)
      }
      expect(Math.max(...left.slice(1).map((rows, at) => left[at]! - rows))).toBeLessThanOrEqual(16)
      expect(await counts()).toEqual(before)
    })

    test('lives as long as the last batch that has it', async () => {
      const { store, counts } = await engine.create()
      const file = await upload(store, ['a'])
      const batches = [await batchWith(store, file), await batchWith(store, file)]
      expect(await store.batches.byId(batches[0]!.id)).toMatchObject({ inputFile: file.id })
      expect((await store.files.byId(file.id))?.expiresAt).toBeNull()
      for (const [at, { job }] of batches.entries()) {
        await upkeep(store, NOW + (at + 2) * DAY_MS)
        expect(await store.files.byId(file.id)).toBeDefined()
        await store.submissions.cancel(job, ending(NOW + (at + 2) * DAY_MS, 1))
      }
      await upkeep(store, NOW + 5 * DAY_MS)
      expect(await counts()).toMatchObject({ jobs: 0, batches: 0, files: 0, fileParts: 0 })
    })

    test('can be removed, and its batch still names it', async () => {
      const { store, counts } = await engine.create()
      const file = await upload(store, ['a'])
      const { id, job } = await batchWith(store, file)
      await store.files.remove(file)
      await store.files.remove(file)
      expect(await store.files.byId(file.id)).toBeUndefined()
      await upkeep(store, NOW)
      expect(await counts()).toMatchObject({ files: 1, fileParts: 0 })
      expect(await store.batches.byId(id)).toMatchObject({ inputFile: file.id })
      await store.submissions.cancel(job, ending(NOW, 1))
      await upkeep(store, NOW + 1)
      expect(await counts()).toMatchObject({ batches: 0, files: 0 })
    })
  })
}
