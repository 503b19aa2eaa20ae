import { describe, expect, test } from 'vitest'
import { submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { everything } from './look.ts'

export const stateContract = (engine: Engine): void => {
  describe('the state of a store', () => {
    test('says how much room there is, and has no faults in a sound store', async () => {
      const { store } = await engine.create()
      const { room, faults } = store.state()
      expect(room !== 'unknown' && room.usedBytes > 0).toBe(true)
      expect(faults).toEqual([])
    })

    test('is asked for without changing anything', async () => {
      const tested = await engine.create()
      await submitJob(tested.store)
      const before = await everything(tested)
      tested.store.state()
      expect(await everything(tested)).toEqual(before)
    })
  })

  test('the clock of the store is that of the machine, and does not stand still', async () => {
    const { store } = await engine.create()
    expect(Math.abs(store.now() - Date.now())).toBeLessThan(60_000)
    const before = store.now()
    await expect.poll(() => store.now(), { interval: 1 }).toBeGreaterThan(before)
  })
}
