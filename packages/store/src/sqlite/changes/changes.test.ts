import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ending, upkeep } from '../../testing/contract/look.ts'
import { appendOutput, appendPieces, runningJob, submitJob } from '../../testing/jobs.ts'
import { openConnection } from '../open-connection.ts'
import { sqliteEngine } from '../testing/sqlite-engine.ts'
import { tempStore } from '../testing/temp-store.ts'
import { prepareChangesSince, prepareLastChange } from './changes-since.ts'
import { changesOf } from './changes.ts'

/** A second connection, and the look at the log that each commit of another connection causes. */
const watching = (file: string) => {
  const connection = openConnection(file, { busyTimeoutMs: 5 })
  onTestFinished(() => void connection.sqlite.close())
  const looks = new Set<() => void>()
  const listen = (look: () => void) => {
    looks.add(look)
    return () => void looks.delete(look)
  }
  const changes = changesOf(connection, { listen })
  const look = () => looks.forEach(each => each())
  return {
    changes,
    looks,
    look,
    changesSince: prepareChangesSince(connection),
    lastChange: prepareLastChange(connection),
  }
}

const head = { status: 200, headers: [] }

describe('the log', () => {
  test('says which jobs have changed, each once, and up to which entry', async () => {
    const { store, file } = await tempStore()
    const { changesSince, lastChange } = watching(file)
    expect(lastChange()).toBe(0)
    expect(changesSince(0)).toEqual({ upTo: 0, jobSeqs: new Set() })
    const a = await runningJob(store, { groupKey: 'a' })
    const b = await runningJob(store, { groupKey: 'b' })
    const { upTo, jobSeqs } = changesSince(0)
    expect(jobSeqs).toEqual(new Set([a.job.seq, b.job.seq]))
    expect(upTo).toBe(lastChange())
    await appendOutput(store, b.claim, { head, body: Buffer.from('x') })
    expect(changesSince(upTo).jobSeqs).toEqual(new Set([b.job.seq]))
  })

  test('reports more changes than one query returns', async () => {
    const { store, file } = await tempStore()
    const { changesSince, lastChange } = watching(file)
    const { job, claim } = await runningJob(store)
    await appendPieces(store, claim, { head, pieces: Array<Buffer>(2_100).fill(Buffer.from('x')) })
    const { upTo, jobSeqs } = changesSince(0)
    expect(upTo).toBeGreaterThan(2_100)
    expect(upTo).toBe(lastChange())
    expect(jobSeqs).toEqual(new Set([job.seq]))
  })

  test('never uses an id again, even when its last entries were deleted', async () => {
    const { store, file } = await tempStore()
    const { changesSince, lastChange } = watching(file)
    const first = await submitJob(store)
    await store.submissions.cancel(first, ending(1_000, 0))
    const seen = lastChange()
    await upkeep(store, 1_000)
    const second = await submitJob(store)
    expect(changesSince(seen).jobSeqs).toEqual(new Set([second.seq]))
  })
})

describe('listeners for the log', () => {
  test('cause one look at it, however many they are', async () => {
    const { store, location, lookupsOf } = await sqliteEngine.create()
    const { changes, looks, look } = watching(location)
    const listeners = [1, 2, 3].map(() => vi.fn<(jobs: ReadonlySet<number> | 'all') => void>())
    const unlisten = listeners.map(listener => changes.listen('log', listener))
    const { seq } = await submitJob(store)
    expect(looks.size).toBe(1)
    const lookups = await lookupsOf(async () => look())
    // It reads only the entries that are new.
    expect(lookups).toEqual([{ kind: 'log', index: 'key', by: ['key'] }])
    for (const listener of listeners) expect(listener.mock.calls).toEqual([[new Set([seq])]])
    for (const each of unlisten) each()
    expect(looks.size).toBe(0)
  })

  test('are not told of a commit that adds no entry', async () => {
    const { store, file } = await tempStore()
    const { changes, look } = watching(file)
    const listener = vi.fn<(jobs: ReadonlySet<number> | 'all') => void>()
    changes.listen('log', listener)
    await store.target.suspect(1)
    look()
    expect(listener).not.toHaveBeenCalled()
  })

  test('are told that all jobs may have changed, when the log could not be read as they began', async () => {
    const { store, file, run } = await tempStore()
    const { changes, look } = watching(file)
    const listener = vi.fn<(jobs: ReadonlySet<number> | 'all') => void>()
    run('ALTER TABLE job_log RENAME TO elsewhere')
    changes.listen('log', listener)
    run('ALTER TABLE elsewhere RENAME TO job_log')
    await submitJob(store)
    look()
    expect(listener.mock.calls).toEqual([['all']])
    const { seq } = await submitJob(store)
    look()
    expect(listener.mock.calls.slice(1)).toEqual([[new Set([seq])]])
  })

  test('begin with the last entry, which is found without reading the others', async () => {
    const { store, location, lookupsOf } = await sqliteEngine.create()
    await submitJob(store)
    const { lastChange } = watching(location)
    // SQLite reads one row of it: the order is that of the key.
    expect(await lookupsOf(async () => lastChange())).toEqual([{ kind: 'log', index: undefined, by: [] }])
  })
})
