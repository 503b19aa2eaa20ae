import Database from 'better-sqlite3'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { isUnavailable, JobLostError, NotNowError } from '../errors.ts'
import { startChild } from '../testing/child.ts'
import { ending } from '../testing/contract/look.ts'
import { listJobs, runningJob, submitJob } from '../testing/jobs.ts'
import type { Durability } from './connection.ts'
import { GroupCommit, type News } from './group-commit.ts'
import { openConnection } from './open-connection.ts'
import { newFile, openUntilEnd, tempStore } from './testing/temp-store.ts'

/** A group commit on a table `t`, and what is in it. */
const createGroup = () => {
  const connection = openConnection(newFile(), { busyTimeoutMs: 5 })
  onTestFinished(() => void connection.sqlite.close())
  const { sqlite } = connection
  sqlite.exec('CREATE TABLE t (x)')
  const insert = sqlite.prepare('INSERT INTO t VALUES (?)')
  const rows = sqlite.prepare('SELECT x FROM t').pluck()
  return {
    connection,
    group: new GroupCommit(connection),
    insert: (x: number) => () => void insert.run(x),
    rows: () => rows.all(),
  }
}

describe('writes in the same turn of the event loop', () => {
  test('are done in the order of the calls', async () => {
    const { store, rows } = await tempStore()
    const jobs = await Promise.all(['a', 'b', 'c'].map(model => submitJob(store, { model })))
    expect(jobs.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(rows('SELECT model FROM jobs ORDER BY seq')).toEqual([
      { model: 'a' },
      { model: 'b' },
      { model: 'c' },
    ])
  })

  test('succeed or fail each by itself', async () => {
    const { store } = await tempStore()
    const { claim } = await runningJob(store)
    const after = await store.runs.append(claim, { after: 0, body: [Buffer.from('0')] })
    const foreign = { ...claim, token: 'another' }
    const outcomes = await Promise.allSettled([
      store.runs.append(claim, { after, body: [Buffer.from('1')] }),
      store.runs.finish(foreign, { state: 'succeeded', answerAttempt: 1 }, ending(2_000)),
      store.runs.append(claim, { after: after + 1, body: [Buffer.from('2')] }),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: expect.any(JobLostError) as unknown })
    const read = await store.output.read(claim.seq, undefined)
    expect(read?.pieces).toHaveLength(3)
    expect(read?.job.state).toBe('running')
  })

  test('all fail while another process writes, and none is done', async () => {
    const { store, run } = await tempStore()
    run('BEGIN IMMEDIATE')
    const begin = performance.now()
    const outcomes = await Promise.allSettled([submitJob(store), submitJob(store)])
    // A gateway waits 5 ms.
    expect(performance.now() - begin).toBeLessThan(1_000)
    run('ROLLBACK')
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    for (const outcome of outcomes)
      expect(outcome.status === 'rejected' && isUnavailable(outcome.reason)).toBe(true)
    expect(await listJobs(store)).toEqual([])
  })

  test('wait for a process that is writing, when a worker makes them', async () => {
    const { file } = await tempStore()
    const worker = await openUntilEnd(file, { role: 'worker' })
    const writer = startChild(`
      import Database from ${JSON.stringify(import.meta.resolve('better-sqlite3'))}
      const sqlite = new Database(await told())
      sqlite.exec("BEGIN IMMEDIATE; INSERT INTO gateways (id, heartbeats) VALUES ('g', 1)")
      console.log('writing')
      setTimeout(() => { sqlite.exec('COMMIT'); console.log('written') }, 300)
    `)
    writer.tell(file)
    expect(await writer.next()).toBe('writing')
    await worker.gateways.heartbeat('g')
    expect(await writer.next()).toBe('written')
    expect(await worker.gateways.heartbeats()).toEqual(new Map([['g', 2]]))
  })

  test('are not lost when the store is closed before their commit', async () => {
    const { store } = await tempStore()
    const written = submitJob(store)
    await store.close()
    expect((await written).seq).toBe(1)
  })

  test('all fail when the disk is full, and none is done', async () => {
    const { store, rows } = await tempStore({
      compose: () => {
        throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL')
      },
    })
    const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
    const outcomes = await Promise.allSettled([
      submitJob(store),
      submitJob(store, { webhook }),
      submitJob(store),
    ])
    const full = expect.any(NotNowError) as unknown
    expect(outcomes).toMatchObject(outcomes.map(() => ({ status: 'rejected', reason: full })))
    expect(outcomes).toMatchObject(outcomes.map(() => ({ reason: { reason: 'full' } })))
    expect(rows('SELECT seq FROM jobs')).toEqual([])
  })
})

describe('a lazy write', () => {
  const createLazy = () => {
    const { connection, insert, rows } = createGroup()
    const onCommit = vi.fn<(news: News) => void>()
    return { insert, rows, onCommit, group: new GroupCommit(connection, onCommit) }
  }

  test('goes into the commit of the next write, in the order of the calls', async () => {
    const { group, insert, rows, onCommit } = createLazy()
    const lazy = group.writeLazily('normal', insert(1))
    await setImmediate()
    expect(rows()).toEqual([])
    await Promise.all([lazy, group.write('normal', insert(2))])
    expect(rows()).toEqual([1, 2])
    expect(onCommit.mock.calls).toEqual([['now']])
  })

  test('gets a commit of its own when no other follows, and nobody is told of it', async () => {
    const { group, insert, rows, onCommit } = createLazy()
    await Promise.all([group.writeLazily('normal', insert(1)), group.writeLazily('normal', insert(2))])
    expect(rows()).toEqual([1, 2])
    await group.writeLazily('normal', insert(3))
    expect(rows()).toEqual([1, 2, 3])
    expect(onCommit.mock.calls).toEqual([['never'], ['never']])
  })

  test('is not lost when the group is finished before', async () => {
    const { group, insert, rows } = createLazy()
    const lazy = group.writeLazily('normal', insert(1))
    await group.finish()
    await lazy
    expect(rows()).toEqual([1])
  })
})

describe('a group commit', () => {
  test('is one commit of all writes of a turn', async () => {
    const { connection, insert, rows } = createGroup()
    let commits = 0
    const write = <T>(durability: Durability, act: () => T): T => {
      // Within a transaction it is a savepoint.
      if (!connection.sqlite.inTransaction) commits++
      return connection.write(durability, act)
    }
    const group = new GroupCommit({ ...connection, write })
    await Promise.all([1, 2, 3].map(x => group.write('normal', insert(x))))
    expect([commits, rows()]).toEqual([1, [1, 2, 3]])
  })

  test('is on the disk when one of its writes has to be, and otherwise not', async () => {
    const { connection, group } = createGroup()
    const synchronous = () => connection.sqlite.pragma('synchronous', { simple: true })
    const settings = (...durabilities: ('full' | 'normal')[]) =>
      Promise.all(durabilities.map(durability => group.write(durability, synchronous)))
    expect(await settings('normal', 'normal')).toEqual([1, 1])
    expect(await settings('normal', 'full', 'normal')).toEqual([2, 2, 2])
    expect(await settings('normal')).toEqual([1])
  })

  test('is told as soon as the most urgent of its writes', async () => {
    const { connection, insert } = createGroup()
    const onCommit = vi.fn<(news: News) => void>()
    const group = new GroupCommit(connection, onCommit)
    await Promise.all([group.write('normal', insert(1), 'soon'), group.write('normal', insert(2))])
    await Promise.all([group.writeLazily('normal', insert(3)), group.write('normal', insert(4), 'soon')])
    expect(onCommit.mock.calls).toEqual([['now'], ['soon']])
  })

  test('takes the writes of the next turn into another commit', async () => {
    const { group, insert, rows } = createGroup()
    await group.write('normal', insert(1))
    expect(rows()).toEqual([1])
    await group.write('normal', insert(2))
    expect(rows()).toEqual([1, 2])
  })

  test('undoes what a write did before it failed', async () => {
    const { group, insert, rows } = createGroup()
    const failing = () => {
      insert(2)()
      throw new Error('a fault')
    }
    const outcomes = await Promise.allSettled([
      group.write('normal', insert(1)),
      group.write('normal', failing),
      group.write('normal', insert(3)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(rows()).toEqual([1, 3])
  })
})
