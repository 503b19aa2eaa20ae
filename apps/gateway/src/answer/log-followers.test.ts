import type { Store } from '@foreman/store'
import { fullError } from '@foreman/store/testing'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { submitTo } from '../testing/submit.ts'
import { otherConnection, tempStore } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'

const logger = pino({ level: 'silent' })

const cancel = (store: Store, seq: number) => store.submissions.cancel({ seq, id: '' }, 2_000, 1_000)

/** Two jobs, and another process that changes them. */
const start = () => {
  const store = tempStore()
  const jobs = [submitTo(store), submitTo(store)] as const
  return { store, followers: new LogFollowers({ store, logger }), jobs, other: otherConnection(store) }
}

test('a follower is told when the log of its job has grown, and not when that of another has', async () => {
  const { followers, jobs, other } = start()
  const told: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  followers.follow(jobs[0].seq, () => told.push('first'))
  followers.follow(jobs[1].seq, () => {
    told.push('second')
    resolve()
  })
  cancel(other, jobs[1].seq)
  await promise
  expect(told).toEqual(['second'])
})

test('several followers of one job are all told, until they stop following', async () => {
  const { followers, jobs, other } = start()
  const told: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = followers.follow(jobs[0].seq, () => told.push('stopped'))
  followers.follow(jobs[0].seq, () => told.push('one'))
  followers.follow(jobs[0].seq, () => {
    told.push('two')
    resolve()
  })
  stop()
  cancel(other, jobs[0].seq)
  await promise
  expect(told).toEqual(['one', 'two'])
})

test('a follower that comes later is not told of what happened before', async () => {
  const { followers, jobs, other } = start()
  cancel(other, jobs[0].seq)
  const told: number[] = []
  followers.follow(jobs[0].seq, () => told.push(0))
  const { promise, resolve } = Promise.withResolvers<void>()
  followers.follow(jobs[1].seq, resolve)
  cancel(other, jobs[1].seq)
  await promise
  expect(told).toEqual([])
})

test('a look at the log that fails is repeated', async () => {
  const { store, followers, jobs, other } = start()
  const { promise, resolve } = Promise.withResolvers<void>()
  followers.follow(jobs[0].seq, resolve)
  const changesSince = vi.spyOn(store.output, 'changesSince').mockImplementationOnce(() => {
    throw fullError()
  })
  cancel(other, jobs[0].seq)
  await promise
  expect(changesSince.mock.calls.length).toBeGreaterThan(1)
})
