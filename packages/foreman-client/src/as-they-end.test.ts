import { describe, expect, test } from 'vitest'
import { asTheyEnd } from './as-they-end.ts'
import type { Job, JobState } from './types.ts'

const job = (id: string, state: JobState = 'succeeded') => ({ id, state }) as Job

const idsOf = async (jobs: AsyncIterable<Job>): Promise<string[]> =>
  (await Array.fromAsync(jobs)).map(({ id }) => id)

const options = { concurrency: 2, longestWaitS: 60 }

describe('jobs as they end', () => {
  test('come in the order of their ends, each once', async () => {
    const looks = new Map<string, (job: Job) => void>()
    const look = (id: string) => new Promise<Job>(resolve => looks.set(id, resolve))
    const ended = asTheyEnd(['a', 'b', 'a'], { ...options, look })
    const first = ended.next()
    looks.get('b')!(job('b', 'failed'))
    expect((await first).value).toEqual(job('b', 'failed'))
    looks.get('a')!(job('a'))
    expect(await idsOf(ended)).toEqual(['a'])
  })

  test('are looked at no more at a time than wanted', async () => {
    let looking = 0
    let most = 0
    const look = async (id: string) => {
      looking += 1
      most = Math.max(most, looking)
      await Promise.resolve()
      looking -= 1
      return job(id)
    }
    const ids = Array.from({ length: 20 }, (_, index) => `${index}`)
    expect((await idsOf(asTheyEnd(ids, { concurrency: 3, longestWaitS: 60, look }))).toSorted()).toEqual(
      ids.toSorted(),
    )
    expect(most).toBe(3)
  })

  test('are not kept from being seen by those that take long', async () => {
    const waits: [id: string, waitS: number][] = []
    const look = (id: string, waitS: number) => {
      waits.push([id, waitS])
      return Promise.resolve(job(id, id.startsWith('long') && waits.length < 6 ? 'running' : 'succeeded'))
    }
    const seen = await idsOf(asTheyEnd(['long 1', 'long 2', 'c', 'd'], { ...options, look }))
    expect([seen.slice(0, 2), seen.slice(2).toSorted()]).toEqual([
      ['c', 'd'],
      ['long 1', 'long 2'],
    ])
    expect(waits[0]![1]).toBeLessThan(60)
    expect(waits.at(-1)![1]).toBe(60)
  })

  test('end with the first that cannot be looked at', async () => {
    const error = new Error('no longer kept')
    const look = (id: string) => (id === 'b' ? Promise.reject(error) : new Promise<Job>(() => {}))
    await expect(idsOf(asTheyEnd(['a', 'b'], { ...options, look }))).rejects.toBe(error)
  })

  test('are none of none', async () => {
    expect(await idsOf(asTheyEnd([], { ...options, look: id => Promise.resolve(job(id)) }))).toEqual([])
  })
})
