import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { Looks } from './looks.ts'

const OPERATOR = { role: 'operator', caller: 'operator' } as const

const start = async ({ hasTokens = true } = {}) => {
  const store = await tempStore()
  const clock = { ms: 1_000 }
  const logger = pino({ level: 'silent' })
  const looks = new Looks({ store, logger, hasTokens, now: () => clock.ms })
  const written = async () => (await store.operations.list({ limit: 2_000 })).toReversed()
  const wrote = (count: number) => vi.waitFor(async () => expect(await written()).toHaveLength(count))
  return { looks, clock, written, wrote }
}

test('a look is written down once a minute, for each job and operator', async () => {
  const { looks, clock, written, wrote } = await start()
  for (const ms of [1_000, 30_000, 60_999, 61_000]) {
    clock.ms = ms
    looks.note('job_1', OPERATOR, 'ann')
  }
  looks.note('job_2', OPERATOR, 'bob')
  looks.note('job_1', { ...OPERATOR, caller: 'other' }, 'ann')
  looks.note('jobs', OPERATOR)
  await wrote(5)
  expect(await written()).toMatchObject([
    { by: 'operator', action: 'look', subject: 'job_1', detail: { caller: 'ann' }, at: 1_000 },
    { by: 'operator', subject: 'job_1', at: 61_000 },
    { by: 'operator', subject: 'job_2', detail: { caller: 'bob' } },
    { by: 'other', subject: 'job_1' },
    { by: 'operator', subject: 'jobs', detail: null, state: 'done' },
  ])
})

test('where nobody has a token, nothing is written down', async () => {
  const { looks, written } = await start({ hasTokens: false })
  looks.note('job_1', OPERATOR, 'ann')
  expect(await written()).toEqual([])
})

test('a clock that is set back does not hide looks, and memory is bounded', async () => {
  const { looks, clock, wrote } = await start()
  clock.ms = 1_000_000
  looks.note('job', OPERATOR)
  clock.ms = 1_000
  looks.note('job', OPERATOR)
  for (let at = 0; at < 1_000; at++) looks.note(`job_${at}`, OPERATOR)
  looks.note('job', OPERATOR)
  await wrote(1_003)
})
