import type { OperationRow } from '@foreman/store'
import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { Refusal } from '../http/refusal.ts'
import { tempStore } from '../testing/temp-store.ts'
import { Operations, type Task } from './operations.ts'

/** Twelve numbers, in steps of four. What was done is not among them any more. */
const numbers = (act: (item: number) => Promise<boolean>): Task<number> => {
  const all = Array.from({ length: 12 }, (_, at) => at)
  const left = new Set(all)
  return {
    action: 'count',
    subject: 'numbers',
    detail: {},
    atOnce: 2,
    left: async function* () {
      for (const at of [0, 4, 8]) yield all.slice(at, at + 4).filter(each => left.has(each))
    },
    act: async item => {
      const isDone = await act(item)
      left.delete(item)
      return isDone
    },
  }
}

const start = async () => {
  const store = await tempStore()
  const stopping = new AbortController()
  const lines: string[] = []
  const logger = pino({ base: null, timestamp: false }, { write: line => void lines.push(line) })
  const options = { store, gateway: 'g1', stopping: stopping.signal, logger, now: () => 2_000 }
  const operations = new Operations(options)
  /** Does a task to its end. */
  const carryOut = async (task: Task<number>): Promise<OperationRow> => {
    const id = await operations.begin(task, {}, 'ann')
    await operations.idle()
    return (await store.operations.byId(id))!
  }
  return { store, operations, stopping, lines, carryOut }
}

describe('an operation', () => {
  test('does one after the other, and tells how many had something to be done', async () => {
    const { carryOut } = await start()
    const done: number[] = []
    const task = numbers(async item => {
      done.push(item)
      return item !== 5
    })
    expect(await carryOut(task)).toMatchObject({
      state: 'done',
      matched: 12,
      done: 11,
      by: 'ann',
      action: 'count',
      subject: 'numbers',
      endedAt: 2_000,
    })
    expect(done).toEqual(Array.from({ length: 12 }, (_, at) => at))
  })

  test('leaves out what cannot be done, and says so in the log', async () => {
    const { carryOut, lines } = await start()
    const task = numbers(async item => {
      if (item === 5) throw new Error('broken')
      return true
    })
    expect(await carryOut(task)).toMatchObject({ state: 'done', done: 11 })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('broken')
  })

  test('fails when it is refused, and what is done stays done', async () => {
    const { carryOut, lines } = await start()
    let isFull = true
    const task = numbers(async item => {
      if (item === 6 && isFull) throw new Refusal(507, 'there is no room for another job')
      return true
    })
    expect(await carryOut(task)).toMatchObject({ state: 'failed', done: 6 })
    expect(lines[0]).toContain('no room')
    isFull = false
    // The one beside it was done, too.
    expect(await carryOut(task)).toMatchObject({ state: 'done', matched: 5, done: 5 })
  })

  test('stops after its present step', async () => {
    const { store, carryOut } = await start()
    const task = numbers(async item => {
      if (item === 4) await store.operations.requestStop(1, 1_000)
      return true
    })
    expect(await carryOut(task)).toMatchObject({ state: 'stopped', done: 8 })
  })

  test('ends with its gateway, which says so when it leaves', async () => {
    const { store, carryOut, stopping } = await start()
    const task = numbers(async item => {
      if (item === 4) stopping.abort()
      return true
    })
    const { id, state } = await carryOut(task)
    expect(state).toBe('running')
    await store.gateways.leave('g1', 3_000)
    expect(await store.operations.byId(id)).toMatchObject({ state: 'failed', done: 4, endedAt: 3_000 })
  })
})

const startGated = async () => {
  const { store, operations } = await start()
  const { promise: gate, resolve: open } = Promise.withResolvers<boolean>()
  const begin = () =>
    operations.begin(
      numbers(() => gate),
      {},
      'ann',
    )
  return { store, operations, begin, open }
}

test('no more than eight run at a time', async () => {
  const { operations, begin, open } = await startGated()
  for (let at = 0; at < 8; at++) await begin()
  await expect(begin()).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '5' } })
  open(true)
  await operations.idle()
  await begin()
  await operations.idle()
})

test('of many that begin at the same time, no more than eight do', async () => {
  const { operations, begin, open } = await startGated()
  const begun = await Promise.allSettled(Array.from({ length: 12 }, begin))
  open(true)
  await operations.idle()
  expect(begun.map(({ status }) => status).toSorted()).toEqual([
    ...Array.from({ length: 8 }, () => 'fulfilled'),
    ...Array.from({ length: 4 }, () => 'rejected'),
  ])
})

test('one that cannot be written down does not count as running', async () => {
  const { store, operations, begin, open } = await startGated()
  const written = vi.spyOn(store.operations, 'begin').mockRejectedValue(new Error('not now'))
  for (let at = 0; at < 8; at++) await expect(begin()).rejects.toThrow('not now')
  written.mockRestore()
  open(true)
  await begin()
  await operations.idle()
})
