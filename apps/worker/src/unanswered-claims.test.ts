import { isUnavailable } from '@foreman/store'
import { unavailableError } from '@foreman/store/testing'
import { describe, expect, test, vi } from 'vitest'
import type { DispatcherOptions } from './dispatcher.ts'
import { setUpDispatcher, START } from './testing/dispatcher.ts'
import { soon, withoutAnswer } from './testing/fixtures.ts'

/** A dispatcher whose next claim gets no answer, whether or not it takes effect. */
const setUp = async (takesEffect: boolean, options: Partial<DispatcherOptions> = {}) => {
  const all = await setUpDispatcher(options)
  const { sim, store, dispatcher } = all
  const claim = store.queue.claim.bind(store.queue)
  const lose = takesEffect ? withoutAnswer(claim) : () => Promise.reject(unavailableError())
  const claims = vi.spyOn(store.queue, 'claim').mockImplementationOnce(lose)
  const dispatchInVain = () => expect(dispatcher.dispatch(START)).rejects.toSatisfy(isUnavailable)
  const requests = () => sim.requests.filter(({ path }) => path === '/api/generate').length
  const attempts = async (...seqs: number[]) => {
    const jobs = await Promise.all(seqs.map(seq => store.records.bySeq(seq)))
    return jobs.map(job => job?.attempt)
  }
  return { ...all, claims, dispatchInVain, requests, attempts }
}

describe.each([true, false])('a claim whose answer was lost (it took effect: %s)', takesEffect => {
  test('runs its job once, at the next call', async () => {
    const { dispatcher, submit, dispatchInVain, isIdle, stateOf, requests, attempts, reasonsOf } =
      await setUp(takesEffect)
    const seq = await submit('alpha')
    await dispatchInVain()
    expect(dispatcher.running).toBe(0)
    expect(await stateOf(seq)).toBe(takesEffect ? 'running' : 'queued')
    await dispatcher.dispatch(START)
    expect(dispatcher.running).toBe(1)
    await isIdle()
    expect(await stateOf(seq)).toBe('succeeded')
    expect(requests()).toBe(1)
    expect(await attempts(seq)).toEqual([1])
    expect(await reasonsOf(seq)).toEqual([['first']])
  })

  test('leaves no slot free and takes none twice', async () => {
    const { sim, dispatcher, submitAll, dispatchInVain, statesOf, requests, attempts } = await setUp(
      takesEffect,
      { concurrency: 2 },
    )
    sim.fault({ kind: 'hang' })
    const seqs = await submitAll('alpha', 'alpha', 'alpha')
    await dispatchInVain()
    for (let call = 0; call < 3; call++) await dispatcher.dispatch(START)
    expect(dispatcher.running).toBe(2)
    expect(await statesOf(...seqs)).toEqual(['running', 'running', 'queued'])
    await expect.poll(requests, soon).toBe(2)
    expect(await attempts(...seqs)).toEqual([1, 1, 0])
  })

  test('gives its group the turn, as if it had been answered', async () => {
    const { store, dispatcher, submitAll, dispatchInVain, drain, isIdle, reasonsOf } =
      await setUp(takesEffect)
    const [a1, b1, a2] = await submitAll('alpha', 'beta', 'alpha')
    await dispatchInVain()
    await dispatcher.dispatch(START)
    await isIdle()
    expect(await store.queue.turn()).toEqual({ groupKey: 'alpha', startedAt: START })
    expect(await drain()).toEqual([a2, b1])
    expect((await reasonsOf(a1, a2, b1)).flat()).toEqual(['first', 'resident', 'drained'])
  })

  test('is asked about until the store answers, and nothing else is claimed before', async () => {
    const { sim, store, dispatcher, submitAll, claims, dispatchInVain, statesOf } = await setUp(takesEffect, {
      concurrency: 2,
    })
    sim.fault({ kind: 'hang' })
    const seqs = await submitAll('alpha', 'alpha')
    await dispatchInVain()
    const asked = vi.spyOn(store.queue, 'claimed').mockRejectedValueOnce(unavailableError())
    await dispatchInVain()
    expect(claims).toHaveBeenCalledTimes(1)
    for (let call = 0; call < 2; call++) await dispatcher.dispatch(START)
    expect(asked).toHaveBeenCalledTimes(2)
    expect(dispatcher.running).toBe(2)
    expect(await statesOf(...seqs)).toEqual(['running', 'running'])
  })
})

test('jobs that were claimed before the store failed run all the same', async () => {
  const { sim, store, dispatcher, submit, statesOf } = await setUpDispatcher({ concurrency: 2 })
  sim.fault({ kind: 'hang' })
  const high = await submit('alpha', 'alpha', 'high')
  const normal = await submit('alpha')
  const claim = store.queue.claim.bind(store.queue)
  const spy = vi.spyOn(store.queue, 'claim').mockImplementationOnce(claim)
  spy.mockRejectedValueOnce(unavailableError())
  await expect(dispatcher.dispatch(START)).rejects.toSatisfy(isUnavailable)
  expect(dispatcher.running).toBe(1)
  expect(await statesOf(high, normal)).toEqual(['running', 'queued'])
  await expect.poll(() => sim.inFlight, soon).toBe(1)
  await dispatcher.dispatch(START)
  expect(dispatcher.running).toBe(2)
})

test('the jobs of several claims, of which the last was not answered, take no more slots than there are', async () => {
  const { sim, store, dispatcher, submit, submitAll, statesOf } = await setUpDispatcher({ concurrency: 3 })
  sim.fault({ kind: 'hang' })
  const high = await submit('alpha', 'alpha', 'high')
  const normal = await submitAll('alpha', 'alpha', 'alpha')
  const claim = store.queue.claim.bind(store.queue)
  vi.spyOn(store.queue, 'claim').mockImplementationOnce(claim).mockImplementationOnce(withoutAnswer(claim))
  await expect(dispatcher.dispatch(START)).rejects.toSatisfy(isUnavailable)
  expect(dispatcher.running).toBe(1)
  await dispatcher.dispatch(START)
  expect(dispatcher.running).toBe(3)
  expect(await statesOf(high, ...normal)).toEqual(['running', 'running', 'running', 'queued'])
})
