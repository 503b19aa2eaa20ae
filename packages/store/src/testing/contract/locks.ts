import { once } from 'node:events'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Store } from '../../contract.ts'
import type { Lock } from '../../values.ts'
import { startChild } from '../child.ts'
import type { Engine } from './engine.ts'

/** Takes the lock for the current test. */
const take = async ({ locks }: Store): Promise<Lock | undefined> => {
  const onLost = vi.fn<() => void>()
  const lock = await locks.take('worker', onLost)
  onTestFinished(() => {
    lock?.release()
    expect(onLost).not.toHaveBeenCalled()
  })
  return lock
}

const takingProcess = `
  const store = await openStore(await told(), { role: 'worker' })
  const lock = await store.locks.take('worker', () => console.log('lost'))
  console.log(lock ? 'taken' : 'refused')
  await told()
`

export const locksContract = (engine: Engine): void => {
  describe('the lock of the active worker', () => {
    test('is had by one process, and by the next when it is given back', async () => {
      const { store, open } = await engine.create()
      const other = await open({ role: 'worker' })
      const first = await take(store)
      expect(first?.holder).toEqual(expect.any(String))
      expect(await take(other)).toBeUndefined()
      expect(await take(store)).toBeUndefined()
      first?.release()
      const second = await take(other)
      expect(second).toBeDefined()
      expect(second?.holder).not.toBe(first?.holder)
      expect(await take(store)).toBeUndefined()
    })

    test('is given back once: a second release frees nobody else', async () => {
      const { store, open } = await engine.create()
      const other = await open({ role: 'worker' })
      const first = await take(store)
      first?.release()
      expect(await take(other)).toBeDefined()
      first?.release()
      expect(await take(store)).toBeUndefined()
    })

    test('is taken by one of many that ask at the same time', async () => {
      const { store, open } = await engine.create()
      const stores = [store, await open(), await open({ role: 'worker' })]
      const locks = await Promise.all([...stores, ...stores].map(take))
      expect(locks.filter(lock => lock !== undefined)).toHaveLength(1)
    })

    test('is given back when the process closes its store', async () => {
      const { store, open } = await engine.create()
      const other = await open({ role: 'worker' })
      expect(await take(other)).toBeDefined()
      await other.close()
      expect(await take(store)).toBeDefined()
    })

    test('belongs to one store, and not to another', async () => {
      const [one, two] = [await engine.create(), await engine.create()]
      expect(await take(one.store)).toBeDefined()
      expect(await take(two.store)).toBeDefined()
    })

    test('is had by a worker while it lives, even when it is frozen, and its death gives it back', async () => {
      const { store, location } = await engine.create()
      const [worker, second] = [startChild(takingProcess), startChild(takingProcess)]
      worker.tell(location)
      expect(await worker.next()).toBe('taken')
      expect(await take(store)).toBeUndefined()
      worker.process.kill('SIGSTOP')
      second.tell(location)
      expect(await second.next()).toBe('refused')
      worker.process.kill('SIGKILL')
      await once(worker.process, 'exit')
      await expect.poll(async () => (await take(store)) !== undefined, { timeout: 5_000 }).toBe(true)
    })
  })
}
