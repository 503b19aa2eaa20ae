import type { Changes, Store } from '@foreman/store'
import { submitJob } from '@foreman/store/testing'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { twoConnections } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'

const logger = pino({ level: 'silent' })

const cancel = (store: Store, seq: number) =>
  store.submissions.cancel({ seq, id: '' }, { now: 2_000, ttlMs: 1_000 })

/** Two jobs, and another process that changes them. */
const start = async () => {
  const { store, other } = await twoConnections()
  const jobs = [await submitJob(store), await submitJob(store)] as const
  return { followers: new LogFollowers({ store, logger }), jobs, other }
}

test('a follower is told when the log of its job has grown, and not when that of another has', async () => {
  const { followers, jobs, other } = await start()
  const told: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  followers.follow(jobs[0].seq, () => told.push('first'))
  followers.follow(jobs[1].seq, () => {
    told.push('second')
    resolve()
  })
  await cancel(other, jobs[1].seq)
  await promise
  expect(told).toEqual(['second'])
})

test('several followers of one job are all told, until they stop following', async () => {
  const { followers, jobs, other } = await start()
  const told: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = followers.follow(jobs[0].seq, () => told.push('stopped'))
  followers.follow(jobs[0].seq, () => told.push('one'))
  followers.follow(jobs[0].seq, () => {
    told.push('two')
    resolve()
  })
  stop()
  await cancel(other, jobs[0].seq)
  await promise
  expect(told).toEqual(['one', 'two'])
})

test('a follower that comes later is not told of what happened before', async () => {
  const { followers, jobs, other } = await start()
  await cancel(other, jobs[0].seq)
  const told: number[] = []
  followers.follow(jobs[0].seq, () => told.push(0))
  const { promise, resolve } = Promise.withResolvers<void>()
  followers.follow(jobs[1].seq, resolve)
  await cancel(other, jobs[1].seq)
  await promise
  expect(told).toEqual([])
})

/** Followers of a store whose changes the test tells. */
const told = () => {
  const unlisten = vi.fn<() => void>()
  const listen = vi.fn<Changes['listen']>(() => unlisten)
  const followers = new LogFollowers({ store: { changes: { listen } }, logger })
  return {
    followers,
    listen,
    unlisten,
    tell: (jobs: ReadonlySet<number> | 'all') => listen.mock.lastCall![1](jobs),
  }
}

test('when it is not known which jobs have changed, all followers are told', () => {
  const { followers, tell } = told()
  const heard: number[] = []
  for (const seq of [1, 2, 2, 3]) followers.follow(seq, () => heard.push(seq))
  tell('all')
  expect(heard).toEqual([1, 2, 2, 3])
})

test('a follower that fails keeps nothing from the others', () => {
  const { followers, tell } = told()
  const heard: number[] = []
  const fail = () => {
    throw new Error('a fault')
  }
  for (const seq of [1, 2]) {
    followers.follow(seq, fail)
    followers.follow(seq, () => heard.push(seq))
  }
  tell(new Set([1, 2, 3]))
  expect(heard).toEqual([1, 2])
})

test('all followers share one listener, which ends with the last of them and begins again with the next', () => {
  const { followers, listen, unlisten } = told()
  const stops = [1, 1, 2].map(seq => followers.follow(seq, () => undefined))
  expect(listen).toHaveBeenCalledTimes(1)
  for (const stop of stops) {
    expect(unlisten).not.toHaveBeenCalled()
    stop()
  }
  expect(unlisten).toHaveBeenCalledTimes(1)
  followers.follow(1, () => undefined)
  expect(listen).toHaveBeenCalledTimes(2)
})
