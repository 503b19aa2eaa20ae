import { BACKUP } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending } from './look.ts'

export const overviewContract = (engine: Engine): void => {
  test('jobs that wait for their next attempt are counted by model', async () => {
    const { store, openReader } = await engine.create()
    const { overview } = await openReader()
    expect(await overview.delayed()).toEqual([])
    for (const groupKey of ['a', 'a', 'b']) {
      const { claim } = await runningJob(store, { groupKey, modelName: groupKey })
      await store.runs.release(claim, { code: 'stall', availableAt: 9_000, spent: true }, ending(2_000))
    }
    await submitJob(store, { modelName: 'c' })
    const counts = await overview.delayed()
    expect(new Map(counts.map(({ modelName, jobs }) => [modelName, jobs]))).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    )
  })

  test('the newest backup that was done is known, also when what happened then is forgotten', async () => {
    const { store, openReader } = await engine.create()
    const { overview } = await openReader()
    expect(await overview.lastBackup()).toBeUndefined()
    const backup = { by: 'operator', action: BACKUP, subject: 'a.db' }
    for (const at of [1_000, 2_000]) await store.operations.note(backup, at)
    await store.operations.note({ ...backup, action: 'pause' }, 3_000)
    await store.operations.begin({ ...backup, matched: 1, gateway: 'g1' }, 4_000)
    expect(await overview.lastBackup()).toBe(2_000)
    await store.history.prune(9_000)
    expect(await overview.lastBackup()).toBe(2_000)
    expect((await store.operations.list({ limit: 9 })).map(({ at }) => at)).toEqual([4_000, 2_000])
  })

  test('the layout of the store has a version', async () => {
    const { openReader } = await engine.create()
    expect(await (await openReader()).overview.schema()).not.toBe('')
  })
}
