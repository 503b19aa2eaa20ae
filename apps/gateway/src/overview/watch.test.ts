import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { NewsAnswer, NewsCursor } from './news.ts'
import { QueueWatch, type Watcher, type WatchOptions } from './watch.ts'

const job = (id: string) => ({ job: id }) as NewsAnswer['jobs'][number]

test('what happens right after the first snapshot is told', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const changes: string[] = ['before']
  const reader = {
    ask: (_question: string, after: NewsCursor | undefined): Promise<NewsAnswer> =>
      Promise.resolve({
        cursor: { change: changes.length, operation: 0 },
        jobs: after ? changes.slice(after.change).map(job) : [],
        skipped: 0,
        operations: [],
      }),
  } as unknown as WatchOptions['reader']
  const told: string[] = []
  const watcher: Watcher = {
    caller: undefined,
    tellSnapshot: body => {
      told.push(String(body))
      changes.push('after')
    },
    tellNews: ({ jobs }) => void told.push(...jobs.map(news => news.job)),
  }
  const snapshotFor: WatchOptions['snapshotFor'] = (_caller, has) =>
    Promise.resolve({ etag: 'tag', body: has ? undefined : Buffer.from('snapshot') })
  const watch = new QueueWatch({ reader, snapshotFor, logger: pino({ level: 'silent' }) })
  onTestFinished(watch.add(watcher))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(told).toEqual(['snapshot', 'after'])
})
