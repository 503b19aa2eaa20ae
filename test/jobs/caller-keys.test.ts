import { describe, expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

describe('a key on a generating route', () => {
  const key = { 'idempotency-key': 'k' }
  const generated = (seen: readonly { path: string }[]) =>
    seen.filter(({ path }) => path === '/api/generate').length

  test('whose job the target refused brings the same refusal, and one that brought nothing is tried anew', async () => {
    const { ask, sim } = await startJobs({ variables: { FOREMAN_MAX_ATTEMPTS: '1' } })
    const request = { ...hello.request, stream: false }
    sim.fault({ kind: 'status', status: 500, error: 'unwell', path: '/api/generate', count: 1 })
    const answers = [
      await ask('POST', '/api/generate', request, key),
      await ask('POST', '/api/generate', request, key),
    ]
    for (const { status, text } of answers) expect([status, text]).toEqual([500, '{"error":"unwell"}'])
    expect(generated(sim.requests)).toBe(1)
    const other = { 'idempotency-key': 'another' }
    // The kept connection, and the new one on which the request is sent once more.
    sim.fault({ kind: 'reset', path: '/api/generate', count: 2 })
    const [lost, found] = [
      await ask('POST', '/api/generate', request, other),
      await ask('POST', '/api/generate', request, other),
    ]
    expect([lost.status, found.status, found.headers['idempotency-replayed']]).toEqual([502, 200, undefined])
    expect(generated(sim.requests)).toBe(4)
  })

  test('keeps the job of a caller that leaves, also one that waits for a whole answer, and one in the queue', async () => {
    const { ask, ended, sim, foreman } = await startJobs({ sim: { tokensPerSecond: 50 } })
    const leave = new AbortController()
    const body = JSON.stringify({ ...hello.request, stream: false })
    const leaving = ['a', 'b'].map(name =>
      send(foreman.url, {
        path: '/api/generate',
        headers: { 'idempotency-key': name },
        body,
        signal: leave.signal,
      }).catch(() => 'left'),
    )
    await until(async () => sim.inFlight === 1 && (await foreman.store.queue.waitingLines()).length === 1)
    leave.abort()
    expect(await Promise.all(leaving)).toEqual(['left', 'left'])
    const jobs = (await ask('GET', '/jobs')).json['jobs'] as { id: string }[]
    expect((await Promise.all(jobs.map(({ id }) => ended(id)))).map(({ state }) => state)).toEqual([
      'succeeded',
      'succeeded',
    ])
  })

  test("is its caller's own: nobody gets another's answer by it", async () => {
    const { ask, sim } = await startJobs({ variables: { FOREMAN_TOKENS: 'ann:a,bob:b' } })
    const as = (token: string) => ({ ...key, authorization: `Bearer ${token}` })
    const request = { ...hello.request, stream: false }
    const anns = await ask('POST', '/api/generate', request, as('a'))
    const bobs = await ask('POST', '/api/generate', { ...request, prompt: 'other' }, as('b'))
    expect([bobs.status, bobs.headers['idempotency-replayed']]).toEqual([200, undefined])
    expect(bobs.headers['x-foreman-job-id']).not.toBe(anns.headers['x-foreman-job-id'])
    expect(generated(sim.requests)).toBe(2)
    const batch = { ...as('a'), 'content-type': 'application/jsonl' }
    const ids = [batch, { ...batch, ...as('b') }].map(
      async headers => (await ask('POST', '/jobs/batch', JSON.stringify(hello), headers)).text,
    )
    expect(new Set(await Promise.all(ids)).size).toBe(2)
    const later = { ...as('b'), 'idempotency-key': 'c', prefer: 'respond-async' }
    const location = String((await ask('POST', '/api/generate', request, later)).headers['location'])
    expect((await ask('GET', location, undefined, as('a'))).status).toBe(404)
    expect((await ask('GET', location, undefined, as('b'))).status).toBe(200)
  })
})
