import { expect, test } from 'vitest'
import { seqsOf, submitMany } from '../../testing/contract/look.ts'
import { tempStore } from '../testing/temp-store.ts'

test('a list takes several steps for many jobs, and for many numbers without a job', async () => {
  const { store, run } = await tempStore()
  await submitMany(store, 30)
  run("UPDATE sqlite_sequence SET seq = 100000 WHERE name = 'jobs'")
  await submitMany(store, 30)
  const steps = await Array.fromAsync(store.records.list({ limit: 50 }))
  expect(steps).toHaveLength(6)
  expect(Math.max(...steps.map(step => step.length))).toBe(20)
  const seqs = [...Array(30).keys()].map(at => at + 1)
  expect(seqsOf(steps.flat())).toEqual([...seqs, ...seqs.map(seq => seq + 100_000)].toReversed().slice(0, 50))
})
