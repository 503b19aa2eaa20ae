import { describe, expect, test } from 'vitest'
import { asTheyEnd } from './as-they-end.ts'
import type { Job, JobState } from './types.ts'

const job = (id: string, state: JobState = 'succeeded') => ({ id, state }) as Job

const idsOf = async (jobs: AsyncIterable<Job>): Promise<string[]> =>
  (await Array.fromAsync(jobs)).map(({ id }) => id)

const options = { concurrency: 2, longestWaitS: 60 }

describe('jobs, each when it has ended', () => {
  test('come in the order in which they end, each once', async () => {
    const reads = new Map<string, (job: Job) => void>()
    const read = (id: string) => new Promise<Job>(resolve => reads.set(id, resolve))
    const ended = asTheyEnd(['a', 'b', 'a'], { ...options, read })
    const first = ended.next()
    reads.get('b')!(job('b', 'failed'))
    expect((await first).value).toEqual(job('b', 'failed'))
    reads.get('a')!(job('a'))
    expect(await idsOf(ended)).toEqual(['a'])
  })

  test('are watched at most `concurrency` at a time', async () => {
    let reading = 0
    let most = 0
    const read = async (id: string) => {
      reading += 1
      most = Math.max(most, reading)
      await Promise.resolve()
      reading -= 1
      return job(id)
    }
    const ids = Array.from({ length: 20 }, (_, index) => `${index}`)
    expect((await idsOf(asTheyEnd(ids, { concurrency: 3, longestWaitS: 60, read }))).toSorted()).toEqual(
      ids.toSorted(),
    )
    expect(most).toBe(3)
  })

  test('are yielded although longer jobs came before them in the list', async () => {
    const waits: [id: string, waitS: number][] = []
    const read = (id: string, waitS: number) => {
      waits.push([id, waitS])
      return Promise.resolve(job(id, id.startsWith('long') && waits.length < 6 ? 'running' : 'succeeded'))
    }
    const seen = await idsOf(asTheyEnd(['long 1', 'long 2', 'c', 'd'], { ...options, read }))
    expect([seen.slice(0, 2), seen.slice(2).toSorted()]).toEqual([
      ['c', 'd'],
      ['long 1', 'long 2'],
    ])
    expect(waits[0]![1]).toBeLessThan(60)
    expect(waits.at(-1)![1]).toBe(60)
  })

  test('end with the error of the first job that cannot be read', async () => {
    const error = new Error('no longer kept')
    const read = (id: string) => (id === 'b' ? Promise.reject(error) : new Promise<Job>(() => {}))
    await expect(idsOf(asTheyEnd(['a', 'b'], { ...options, read }))).rejects.toBe(error)
  })

  test('are none for an empty list', async () => {
    expect(await idsOf(asTheyEnd([], { ...options, read: id => Promise.resolve(job(id)) }))).toEqual([])
  })
})
