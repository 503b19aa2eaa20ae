import { expect, test } from 'vitest'
import { isBack, memoryBack, neededMemory } from './memory.ts'

const processesWith = (...samples: number[]) => {
  let collections = 0
  return {
    collectGarbage: () => void collections++,
    memory: () => ({ gatewayMb: 100, workerMb: samples[Math.min(collections, samples.length) - 1] ?? 0 }),
  }
}

const BEFORE = { gatewayMb: 100, workerMb: 100 }

test('a process needs the least that it had in some samples', async () => {
  expect(await neededMemory(processesWith(300, 150, 120, 140))).toEqual({ gatewayMb: 100, workerMb: 120 })
})

test('memory may come back after a while', async () => {
  const options = { before: BEFORE, allowedMb: 50, timeoutMs: 5_000 }
  expect(await memoryBack(processesWith(300, 200, 149), options)).toEqual({ gatewayMb: 100, workerMb: 149 })
})

test('memory that does not come back in time is told', async () => {
  const now = await memoryBack(processesWith(300), { before: BEFORE, allowedMb: 50, timeoutMs: 0 })
  expect([now.workerMb, isBack(BEFORE, now, 50)]).toEqual([300, false])
})
