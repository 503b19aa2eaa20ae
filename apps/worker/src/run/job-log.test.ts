import { type Claim, JobLostError, type Store } from '@foreman/store'
import { lastPieceOf, unavailableError } from '@foreman/store/testing'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { claimedJob, jobLogOf, openTempStore, silent, soon, withoutAnswer } from '../testing/fixtures.ts'
import type { JobLog } from './job-log.ts'

const HEAD = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] as [string, string][] }
const MEBIBYTE = 1024 * 1024

const setUp = async () => {
  const store = await openTempStore()
  const claim = await claimedJob(store)
  const onProgress = vi.fn<() => void>()
  const { controller, log } = jobLogOf(store, claim, onProgress)
  const write = store.runs.append.bind(store.runs)
  const append = vi.spyOn(store.runs, 'append')
  return { store, claim, controller, onProgress, log, append, write }
}

const outputOf = async (store: Store, seq: number) => {
  const { pieces = [] } = (await store.output.read(seq, undefined)) ?? {}
  const body = pieces.flatMap(piece => (piece.kind === 'body' ? [piece.bytes] : []))
  return { head: pieces[0]?.kind === 'head' ? pieces[0].head : undefined, body: String(Buffer.concat(body)) }
}

const release = (store: Store, claim: Claim) =>
  store.runs.release(claim, { code: 'worker_stopped', spent: false }, { now: Date.now(), ttlMs: 1_000 })

/** What is to be written with the end of the job. */
const restOf = ({ rest }: JobLog) => rest && { head: rest.head, body: String(rest.body) }

describe('head and body', () => {
  test('are written in the order in which they came', async () => {
    const { store, claim, log } = await setUp()
    log.head(HEAD)
    for (const piece of ['a', 'b', 'c']) {
      await log.body(Buffer.from(piece))
      await log.settled()
    }
    await log.end()
    expect(await outputOf(store, claim.seq)).toEqual({ head: HEAD, body: 'abc' })
    expect(log.rest).toBeUndefined()
  })

  test('the pieces of one turn are written together, and so are those that arrive during a write', async () => {
    const { log, append } = await setUp()
    log.head(HEAD)
    for (const piece of ['a', 'b']) void log.body(Buffer.from(piece))
    await expect.poll(() => append.mock.calls.length, soon).toBe(1)
    for (const piece of ['c', 'd']) void log.body(Buffer.from(piece))
    await log.settled()
    expect(append.mock.calls.map(([, { head, body }]) => [head !== undefined, String(body)])).toEqual([
      [true, 'a,b'],
      [false, 'c,d'],
    ])
  })

  test('the head is not written before the first piece of the body', async () => {
    const { store, claim, log, append } = await setUp()
    log.head(HEAD)
    await setImmediate()
    await setImmediate()
    expect(append).not.toHaveBeenCalled()
    log.head({ ...HEAD, status: 500 })
    void log.body(Buffer.from('a'))
    await log.settled()
    expect((await outputOf(store, claim.seq)).head?.status).toBe(500)
  })

  test('what the last turn of an answer has brought is left for the end of the job', async () => {
    const { log, append } = await setUp()
    log.head(HEAD)
    for (const piece of ['a', 'b']) void log.body(Buffer.from(piece))
    expect(log.rest).toBeUndefined()
    await log.end()
    expect(restOf(log)).toEqual({ head: HEAD, body: 'a,b' })
    expect(append).not.toHaveBeenCalled()
  })

  test('what has arrived during the last write is left for the end of the job', async () => {
    const { log, append } = await setUp()
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    await expect.poll(() => append.mock.calls.length, soon).toBe(1)
    void log.body(Buffer.from('b'))
    await log.end()
    expect(restOf(log)).toEqual({ head: undefined, body: 'b' })
    expect(append).toHaveBeenCalledTimes(1)
  })

  test('the head of an answer without a body is left for the end of the job', async () => {
    const { log } = await setUp()
    log.head(HEAD)
    await log.end()
    expect(restOf(log)).toEqual({ head: HEAD, body: '' })
    expect(log.hasOutput).toBe(false)
  })

  test('there is output once a part of the body is in the store', async () => {
    const { log } = await setUp()
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    expect(log.hasOutput).toBe(false)
    await log.settled()
    expect(log.hasOutput).toBe(true)
  })

  test('nothing is left for the end of the job behind a write that has failed', async () => {
    const { store, claim, log, append } = await setUp()
    await release(store, claim)
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    await expect.poll(() => append.mock.calls.length, soon).toBe(1)
    void log.body(Buffer.from('b'))
    await expect(log.end()).rejects.toThrow(JobLostError)
    expect(log.rest).toBeUndefined()
  })

  test('the target has to wait only when more than a mebibyte waits to be written', async () => {
    const { log } = await setUp()
    log.head(HEAD)
    expect(log.body(Buffer.alloc(MEBIBYTE + 1))).toBeUndefined()
    expect(log.body(Buffer.alloc(MEBIBYTE))).toBeUndefined()
    const full = log.body(Buffer.from('b'))
    expect(full).toBeInstanceOf(Promise)
    await full
    expect(log.body(Buffer.from('c'))).toBeUndefined()
    await log.end()
  })

  test('are written once the store can take them', async () => {
    const { store, claim, log, append } = await setUp()
    append.mockRejectedValueOnce(unavailableError())
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    await log.settled()
    expect(await outputOf(store, claim.seq)).toEqual({ head: HEAD, body: 'a' })
  })

  test('a write that waits for the store is given up when the signal is aborted', async () => {
    const { controller, log, append } = await setUp()
    append.mockRejectedValue(unavailableError())
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    await expect.poll(() => append.mock.calls.length, soon).toBe(1)
    controller.abort(new Error('stopped'))
    await expect(log.end()).rejects.toMatchObject({ cause: { message: 'stopped' } })
  })

  test('what waits to be written counts as output once it has settled', async () => {
    const { log } = await setUp()
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    await log.settled()
    expect(log.hasOutput).toBe(true)
  })

  test('a log without a body, and one whose write has failed, settle without output', async () => {
    const { store, claim, log } = await setUp()
    await log.settled()
    await release(store, claim)
    void log.body(Buffer.from('a'))
    await log.settled()
    expect(log.hasOutput).toBe(false)
  })

  test('after a write has failed, every further piece and the end reject', async () => {
    const { store, claim, log } = await setUp()
    await release(store, claim)
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    await log.settled()
    await expect(log.end()).rejects.toThrow(JobLostError)
    await expect(log.body(Buffer.from('b'))).rejects.toThrow(JobLostError)
    expect(log.hasOutput).toBe(false)
  })
})

describe('each write', () => {
  test('names the last piece that the write before it has appended; the first names none', async () => {
    const { store, claim, log, append } = await setUp()
    log.head(HEAD)
    for (const piece of ['a', 'b', 'c']) {
      void log.body(Buffer.from(piece))
      await log.settled()
    }
    await log.end()
    const returned = await Promise.all(append.mock.results.map(({ value }) => value))
    expect(append.mock.calls.map(([, { after }]) => after)).toEqual([0, ...returned.slice(0, -1)])
    expect(returned.at(-1)).toBe(await lastPieceOf(store, claim))
  })

  test('that took effect, but whose answer was lost, is repeated as it was, and its bytes are in the log once', async () => {
    const { store, claim, log, append, write } = await setUp()
    append.mockImplementationOnce(withoutAnswer(write))
    log.head(HEAD)
    void log.body(Buffer.from('a'))
    await log.settled()
    append.mockImplementationOnce(withoutAnswer(write))
    void log.body(Buffer.from('b'))
    await expect.poll(() => append.mock.calls.length, soon).toBe(3)
    for (const piece of ['c', 'd']) void log.body(Buffer.from(piece))
    await log.settled()
    const calls = append.mock.calls.map(([, output]) => output)
    const returned = await Promise.all([1, 3].map(n => append.mock.results[n]?.value))
    expect(calls.map(({ after, body }) => [after, String(body)])).toEqual([
      [0, 'a'],
      [0, 'a'],
      [returned[0], 'b'],
      [returned[0], 'b'],
      [returned[1], 'c,d'],
    ])
    expect(calls[1]?.head).toEqual(HEAD)
    expect(await outputOf(store, claim.seq)).toEqual({ head: HEAD, body: 'abcd' })
  })
})

describe('progress', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  test('is written once a second, and reported when it is in the store', async () => {
    const { store, claim, onProgress, log } = await setUp()
    log.progress(1)
    vi.advanceTimersByTime(999)
    log.progress(2)
    vi.advanceTimersByTime(1)
    log.progress(3)
    log.progress(4)
    await expect.poll(() => onProgress.mock.calls.length, soon).toBe(1)
    expect((await store.records.bySeq(claim.seq))?.tokens).toBe(3)
  })

  test('a note that cannot be written is skipped', async () => {
    const { store, claim, onProgress, log } = await setUp()
    await release(store, claim)
    const debug = vi.spyOn(silent, 'debug')
    log.progress(1)
    vi.advanceTimersByTime(1_000)
    log.progress(2)
    await expect.poll(() => debug.mock.calls.length, soon).toBe(1)
    expect(onProgress).not.toHaveBeenCalled()
    debug.mockRestore()
  })
})
