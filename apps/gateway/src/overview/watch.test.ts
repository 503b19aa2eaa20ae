import { pino } from 'pino'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { NewsAnswer, NewsCursor } from './news.ts'
import { QueueWatch, type Watcher, type WatchOptions } from './watch.ts'

const LOOK_MS = 1_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const job = (id: string) => ({ job: id }) as NewsAnswer['jobs'][number]

/** A queue with a log of changes, and those who watch it. */
const setUp = () => {
  const changes = ['before']
  const reader = {
    ask: (_question: string, after: NewsCursor | undefined): Promise<NewsAnswer> =>
      Promise.resolve({
        cursor: { change: changes.length, operation: 0 },
        jobs: after ? changes.slice(after.change).map(job) : [],
        skipped: 0,
        operations: [],
      }),
  } as unknown as WatchOptions['reader']
  const during: (() => void)[] = []
  const snapshotFor: WatchOptions['snapshotFor'] = async (_caller, has) => {
    const body = has === 'tag' ? undefined : Buffer.from('snapshot')
    await Promise.resolve()
    during.shift()?.()
    return { etag: 'tag', body }
  }
  const watch = new QueueWatch({ reader, snapshotFor, logger: pino({ level: 'silent' }) })
  const come = (): string[] => {
    const told: string[] = []
    const watcher: Watcher = {
      caller: undefined,
      tellSnapshot: body => void told.push(String(body)),
      tellNews: ({ jobs }) => void told.push(...jobs.map(news => news.job)),
    }
    onTestFinished(watch.add(watcher))
    return told
  }
  return { changes, during, come }
}

test('what happens right after the first snapshot is told', async () => {
  const { changes, during, come } = setUp()
  during.push(() => void changes.push('after'))
  const told = come()
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect(told).toEqual(['snapshot', 'after'])
})

test('who comes while others are told begins with a snapshot, too', async () => {
  const { changes, during, come } = setUp()
  let late: string[] = []
  during.push(() => {
    changes.push('after')
    late = come()
  })
  come()
  await vi.advanceTimersByTimeAsync(0)
  expect(late).toEqual([])
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect(late).toEqual(['snapshot'])
  changes.push('later')
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect(late).toEqual(['snapshot', 'later'])
})

test('without a change nothing is told', async () => {
  const { come } = setUp()
  const told = come()
  await vi.advanceTimersByTimeAsync(3 * LOOK_MS)
  expect(told).toEqual(['snapshot'])
})
