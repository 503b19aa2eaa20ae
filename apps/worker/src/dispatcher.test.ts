import { loadSignature } from '@foreman/ollama-client'
import { isUnavailable } from '@foreman/store'
import { claimNext, fullError, submitJob, unavailableError } from '@foreman/store/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DispatcherOptions } from './dispatcher.ts'
import { canonical, type DispatcherSetUp, ENDING, setUpDispatcher, START } from './testing/dispatcher.ts'
import { heldBack, newJob, soon, withoutAnswer } from './testing/fixtures.ts'

describe('free slots', () => {
  test('are filled with jobs of one group, the oldest first', async () => {
    const { sim, dispatcher, submitAll, statesOf } = await setUpDispatcher({ concurrency: 2 })
    sim.fault({ kind: 'hang' })
    const [first, other, second, third] = await submitAll('alpha', 'beta', 'alpha', 'alpha')
    await dispatcher.dispatch(START)
    expect(await statesOf(first, second)).toEqual(['running', 'running'])
    expect(await statesOf(other, third)).toEqual(['queued', 'queued'])
    await dispatcher.dispatch(START)
    expect(dispatcher.running).toBe(2)
  })

  test('stay free while jobs of another group run', async () => {
    const { sim, dispatcher, submit, stateOf, drain, statesOf } = await setUpDispatcher({ concurrency: 2 })
    const fault = sim.fault({ kind: 'stall', model: 'alpha' })
    const alpha = await submit('alpha')
    const beta = await submit('beta')
    await dispatcher.dispatch(START)
    await dispatcher.dispatch(START)
    expect(await statesOf(alpha, beta)).toEqual(['running', 'queued'])
    await fault.lift()
    dispatcher.cancel([alpha])
    await expect.poll(() => stateOf(alpha), soon).toBe('cancelled')
    expect(await drain()).toEqual([beta])
  })

  test('stay free while the target is away', async () => {
    const { sim, target, dispatcher, submit, stateOf } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    const seq = await submit('alpha')
    target.isUp = false
    await dispatcher.dispatch(START)
    expect(await stateOf(seq)).toBe('queued')
    target.isUp = true
    await dispatcher.dispatch(START)
    expect(await stateOf(seq)).toBe('running')
  })

  test('stay free while the store takes no writes, and nothing is lost', async () => {
    const { sim, store, dispatcher, submit, stateOf, reasonsOf } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    const seq = await submit('alpha')
    vi.spyOn(store.queue, 'claim').mockRejectedValueOnce(unavailableError())
    await expect(dispatcher.dispatch(START)).rejects.toSatisfy(isUnavailable)
    expect(dispatcher.running).toBe(0)
    expect(await store.queue.turn()).toBeUndefined()
    await dispatcher.dispatch(START)
    expect(await stateOf(seq)).toBe('running')
    expect(await reasonsOf(seq)).toEqual([['first']])
  })
})

describe('a job that was lost together with others', () => {
  /** Submits jobs that run together when their worker dies. */
  const lose = async ({ store, submitAll }: DispatcherSetUp, ...models: string[]) => {
    const seqs = await submitAll(...models)
    for (const model of models) await claimNext(store, model, START)
    await store.runs.requeueLost(ENDING)
    return seqs
  }

  test('runs alone, and so does the next', async () => {
    const all = await setUpDispatcher({ concurrency: 4 })
    const { sim, dispatcher, statesOf, submitAll, isIdle } = all
    sim.fault({ kind: 'stall', path: '/api/generate' })
    const lost = await lose(all, 'alpha', 'alpha')
    const later = await submitAll('alpha', 'alpha')
    const states = () => statesOf(...lost, ...later)
    await dispatcher.dispatch(START)
    await dispatcher.dispatch(START)
    expect(await states()).toEqual(['running', 'queued', 'queued', 'queued'])
    dispatcher.cancel(lost.slice(0, 1))
    await isIdle()
    await dispatcher.dispatch(START)
    expect(await states()).toEqual(['cancelled', 'running', 'queued', 'queued'])
    dispatcher.cancel(lost)
    await isIdle()
    await dispatcher.dispatch(START)
    expect(await states()).toEqual(['cancelled', 'cancelled', 'running', 'running'])
  })

  /** One job runs, and the next in the line is one that runs alone. */
  const setUpBehindAnother = async () => {
    const all = await setUpDispatcher({ concurrency: 4 })
    all.sim.fault({ kind: 'stall', path: '/api/generate' })
    const [lost, other] = await lose(all, 'alpha', 'gamma')
    await all.store.submissions.cancel({ seq: other!, id: '' }, ENDING)
    const first = await all.submit('alpha', 'alpha', 'high')
    await all.dispatcher.dispatch(START)
    expect(await all.statesOf(first, lost!)).toEqual(['running', 'queued'])
    const end = async (seq: number) => {
      all.dispatcher.cancel([seq])
      await expect.poll(() => all.stateOf(seq), soon).toBe('cancelled')
      await all.isIdle()
    }
    return { ...all, first, lost: lost!, end }
  }

  test('is passed by no other while it waits for the slots, not even by a more urgent one', async () => {
    const { dispatcher, submit, stateOf, first, lost, end, statesOf } = await setUpBehindAnother()
    const urgent = await submit('alpha', 'alpha', 'high')
    await dispatcher.dispatch(START)
    expect(await stateOf(urgent)).toBe('queued')
    await end(first)
    await dispatcher.dispatch(START)
    expect(await statesOf(lost, urgent)).toEqual(['running', 'queued'])
  })

  test('does not keep a group waiting that has waited too long', async () => {
    const { dispatcher, submit, first, lost, end, statesOf } = await setUpBehindAnother()
    const overdue = await submit('beta')
    await end(first)
    await dispatcher.dispatch(START + 60_001)
    expect(await statesOf(lost, overdue)).toEqual(['queued', 'running'])
  })

  test('keeps no slot free once it is cancelled', async () => {
    const { store, dispatcher, submit, stateOf, lost } = await setUpBehindAnother()
    const next = await submit('alpha')
    await dispatcher.dispatch(START)
    expect(await stateOf(next)).toBe('queued')
    await store.submissions.cancel({ seq: lost, id: '' }, ENDING)
    await dispatcher.dispatch(START)
    expect(await stateOf(next)).toBe('running')
  })
})

describe('a caller who is likely to come back', () => {
  /** The caller of alpha has come back once, soon after its answer. Its model is in memory. */
  const setUpExpecting = async (options: Parameters<typeof setUpDispatcher>[0] = {}) => {
    const all = await setUpDispatcher(options, { loadMs: 400 })
    for (const afterMs of [0, 60]) {
      all.clock.now += afterMs
      await all.submit('alpha')
      await all.drain()
    }
    return all
  }

  test('is waited for before another model is loaded, but not for long', async () => {
    const { clock, dispatcher, submit, stateOf } = await setUpExpecting()
    const other = await submit('beta')
    const again = await dispatcher.dispatch(clock.now)
    expect(await stateOf(other)).toBe('queued')
    expect(again).toBe(clock.now + 100)
    await dispatcher.dispatch(again!)
    expect(await stateOf(other)).toBe('running')
  })

  test('is served at once when it comes', async () => {
    const { clock, dispatcher, submit, statesOf, reasonsOf, isIdle } = await setUpExpecting()
    const other = await submit('beta')
    await dispatcher.dispatch(clock.now)
    const back = await submit('alpha')
    await dispatcher.dispatch(clock.now)
    expect(await statesOf(other, back)).toEqual(['queued', 'running'])
    expect(await reasonsOf(back)).toEqual([['resident']])
    await isIdle()
  })

  test('is expected by the next worker, too', async () => {
    const { clock, dispatcher, start, store, submit, stateOf } = await setUpExpecting()
    await dispatcher.close(0)
    const next = start()
    await next.resumeTurn()
    const back = await submit('alpha')
    await next.dispatch(clock.now)
    await expect.poll(() => stateOf(back), soon).toBe('succeeded')
    await expect.poll(() => next.running, soon).toBe(0)
    const other = await submit('beta')
    expect(await next.dispatch(clock.now)).toBeGreaterThan(clock.now)
    expect(await stateOf(other)).toBe('queued')
    await next.close(0)
    expect(await store.queue.memory()).toContain('alpha')
  })

  test('is not waited for with FOREMAN_EXPECT=off', async () => {
    const { clock, dispatcher, submit, stateOf } = await setUpExpecting({ expects: false })
    const other = await submit('beta')
    expect(await dispatcher.dispatch(clock.now)).toBeUndefined()
    expect(await stateOf(other)).toBe('running')
  })
})

describe('models that are in memory together', () => {
  /** Alpha and beta have run, and the target says that both are in memory. */
  const resident = (name: string) => ({ name, bytes: 7, expiresAt: 9_000 })
  const poll = (names: readonly string[], askedAt: number) => ({
    residents: names.map(resident),
    askedAt,
    version: undefined,
    sizes: undefined,
  })
  const setUpTogether = async () => {
    const inMemory = new Set<string>()
    const askResidents = () => Promise.resolve([...inMemory].map(resident))
    const all = await setUpDispatcher({ askResidents, expects: false })
    for (const model of ['alpha', 'beta']) {
      inMemory.add(model)
      await all.submit(model)
      await all.drain()
    }
    return { ...all, inMemory }
  }

  test('are served in the order of arrival, and no turn begins between them', async () => {
    const { submitAll, drain, reasonsOf } = await setUpTogether()
    const seqs = await submitAll('alpha', 'beta', 'alpha', 'beta')
    expect(await drain()).toEqual(seqs)
    expect((await reasonsOf(...seqs)).flat()).toEqual(Array(4).fill('resident'))
  })

  test('run before another model is loaded', async () => {
    const { submitAll, drain } = await setUpTogether()
    const [gamma, alpha, beta] = await submitAll('gamma', 'alpha', 'beta')
    expect(await drain()).toEqual([alpha, beta, gamma])
  })

  test('are believed to have gone when the target says so', async () => {
    const { dispatcher, submitAll, drain, reasonsOf } = await setUpTogether()
    dispatcher.observe(poll(['beta'], performance.now()))
    const [a1, b1, a2, b2] = await submitAll('alpha', 'beta', 'alpha', 'beta')
    expect(await drain()).toEqual([b1, b2, a1, a2])
    expect((await reasonsOf(a1)).flat()).toEqual(['drained'])
  })

  test('are not believed to have gone when the target said so before a model was loaded', async () => {
    const askedAt = performance.now()
    const { dispatcher, submitAll, drain } = await setUpTogether()
    dispatcher.observe(poll([], askedAt))
    const [a1, b1, a2, b2] = await submitAll('alpha', 'beta', 'alpha', 'beta')
    expect(await drain()).toEqual([a1, b1, a2, b2])
  })

  test('are not known any more once another model was loaded, before the target is asked', async () => {
    const { inMemory, submitAll, drain } = await setUpTogether()
    inMemory.clear()
    const [gamma] = await submitAll('gamma')
    expect(await drain()).toEqual([gamma])
    const [b1, g1, b2, g2] = await submitAll('beta', 'gamma', 'beta', 'gamma')
    expect(await drain()).toEqual([g1, g2, b1, b2])
  })
})

describe('turns', () => {
  test('go from group to group, and each start is recorded with its reason', async () => {
    const { drain, submitAll, reasonsOf } = await setUpDispatcher()
    const [a1, b1, a2, b2] = await submitAll('alpha', 'beta', 'alpha', 'beta')
    expect(await drain()).toEqual([a1, a2, b1, b2])
    expect((await reasonsOf(a1, a2, b1, b2)).flat()).toEqual(['first', 'resident', 'drained', 'resident'])
  })

  test('end when a group has waited too long', async () => {
    const { sim, clock, dispatcher, submit, stateOf, submitAll, statesOf, reasonsOf, isIdle } =
      await setUpDispatcher()
    const [a1, , a2] = await submitAll('alpha', 'alpha', 'alpha')
    const beta = await submit('beta')
    await dispatcher.dispatch(clock.now)
    await expect.poll(() => stateOf(a1), soon).toBe('succeeded')
    await isIdle()
    clock.now += 60_001
    sim.fault({ kind: 'hang' })
    await dispatcher.dispatch(clock.now)
    expect(await statesOf(beta, a2)).toEqual(['running', 'queued'])
    expect((await reasonsOf(beta)).flat()).toEqual(['overdue'])
  })

  test('end when the group runs dry: its next job begins a new one', async () => {
    const { store, clock, submit, drain } = await setUpDispatcher()
    await submit('alpha')
    await drain()
    clock.now += 5_000
    await submit('alpha')
    await drain()
    expect(await store.queue.turn()).toEqual({ groupKey: 'alpha', startedAt: START + 5_000 })
  })

  test('go on while a job of the group still runs, although none is ready', async () => {
    const { store, sim, clock, dispatcher, submit } = await setUpDispatcher({ concurrency: 2 })
    sim.fault({ kind: 'hang' })
    await submit('alpha')
    await dispatcher.dispatch(clock.now)
    clock.now += 5_000
    await submit('alpha')
    await dispatcher.dispatch(clock.now)
    expect(dispatcher.running).toBe(2)
    expect(await store.queue.turn()).toEqual({ groupKey: 'alpha', startedAt: START })
  })

  test('of a dead worker are continued', async () => {
    const { sim, store, start, submit, submitAll, statesOf, dispatcher, drain } = await setUpDispatcher()
    await submit('alpha')
    await drain()
    const [beta, alpha] = await submitAll('beta', 'alpha')
    sim.fault({ kind: 'hang' })
    const next = start()
    onTestFinished(() => next.close(0))
    await next.resumeTurn()
    await next.dispatch(START)
    expect(await statesOf(beta, alpha)).toEqual(['queued', 'running'])
    expect(await store.queue.turn()).toMatchObject({ startedAt: START })
    expect(dispatcher.running).toBe(0)
  })

  test('are forgotten by forgetTurn: the group that has waited longest is first', async () => {
    const { dispatcher, submit, drain, submitAll, reasonsOf } = await setUpDispatcher()
    await submit('alpha')
    await drain()
    const [beta, alpha] = await submitAll('beta', 'alpha')
    await dispatcher.forgetTurn()
    expect(await drain()).toEqual([beta, alpha])
    expect((await reasonsOf(beta)).flat()).toEqual(['first'])
  })
})

describe('a model about which more becomes known', () => {
  test('takes its waiting jobs, and the turn that it has, to the right group', async () => {
    const { store, dispatcher, submit, drain, reasonsOf } = await setUpDispatcher()
    const key = (model: string, weights?: string) => loadSignature({ model: canonical(model), weights })
    const run = await submit('plain', key('plain'))
    await drain()
    const other = await submit('alpha', key('alpha'))
    const plain = await submit('plain', key('plain'))
    const think = await submit('think', key('think'))
    await store.catalogue.replaceModels(
      ['plain', 'think'].map(model => ({ name: canonical(model), digest: model, remote: false })),
    )
    for (const model of ['plain', 'think']) {
      await store.catalogue.noteLoading(model, { weights: 'shared' })
      await dispatcher.regroup(canonical(model))
    }
    const lines = (await store.queue.waitingLines()).map(({ groupKey }) => groupKey)
    expect(lines.toSorted()).toEqual([key('alpha'), key('plain', 'shared')].toSorted())
    expect(await drain()).toEqual([plain, think, other])
    expect((await reasonsOf(run, plain, think, other)).flat()).toEqual([
      'first',
      'resident',
      'resident',
      'drained',
    ])
  })
})

test('load options that cannot be read keep no other job of the model from its right group', async () => {
  const { store, clock, dispatcher, submit } = await setUpDispatcher()
  const modelName = canonical('alpha')
  const bad = newJob({ model: 'alpha', modelName, groupKey: 'wrong', loadOptions: '{' })
  await submitJob(store, bad, clock.now)
  const good = await submit('alpha', 'wrong')
  await dispatcher.regroup(modelName)
  expect((await store.records.bySeq(good))?.groupKey).toBe(loadSignature({ model: modelName }))
})

describe('the embedding model', () => {
  test('is loaded before the next job, but not while a job runs', async () => {
    const { sim, embedder, onReady, dispatcher, submit, stateOf, isIdle } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    const running = await submit('alpha')
    await dispatcher.dispatch(START)
    embedder.isDue = true
    await dispatcher.dispatch(START)
    expect(embedder.pin).not.toHaveBeenCalled()
    dispatcher.cancel([running])
    await isIdle()

    const next = await submit('alpha')
    let loaded: (() => void) | undefined
    embedder.pin.mockImplementation(() => new Promise<void>(resolve => (loaded = resolve)))
    await dispatcher.dispatch(START)
    embedder.isDue = false
    await dispatcher.dispatch(START)
    expect(embedder.pin).toHaveBeenCalledTimes(1)
    expect(await stateOf(next)).toBe('queued')
    loaded?.()
    await expect.poll(() => onReady.mock.calls.length, soon).toBe(1)
    await dispatcher.dispatch(START)
    expect(await stateOf(next)).toBe('running')
  })
})

describe('an error of what follows', () => {
  const broken = () => {
    throw new Error('malformed')
  }

  test('the end of a job frees its slot all the same', async () => {
    const onEnd = vi.fn<DispatcherOptions['onEnd']>(broken)
    const { dispatcher, stateOf, submitAll } = await setUpDispatcher({ onEnd })
    const seqs = await submitAll('alpha', 'alpha')
    for (const [n, seq] of seqs.entries()) {
      await dispatcher.dispatch(START)
      await expect.poll(() => onEnd.mock.calls.length, soon).toBe(n + 1)
      expect(await stateOf(seq)).toBe('succeeded')
    }
    expect(dispatcher.running).toBe(0)
  })

  test('loading the embedding model lets jobs run all the same', async () => {
    const onReady = vi.fn<() => void>(broken)
    const { sim, embedder, dispatcher, submit, stateOf } = await setUpDispatcher({ onReady })
    sim.fault({ kind: 'hang' })
    embedder.isDue = true
    embedder.pin.mockRejectedValue(new Error('malformed'))
    const seq = await submit('alpha')
    await dispatcher.dispatch(START)
    embedder.isDue = false
    await expect.poll(() => onReady.mock.calls.length, soon).toBe(1)
    await dispatcher.dispatch(START)
    expect(await stateOf(seq)).toBe('running')
  })
})

describe('cancelling', () => {
  test('a job that does not run here does nothing', async () => {
    const { dispatcher, submit, stateOf } = await setUpDispatcher()
    const seq = await submit('alpha')
    dispatcher.cancel([seq])
    expect(await stateOf(seq)).toBe('queued')
  })

  test('lets a load go on that other jobs of the group wait for', async () => {
    const { sim, dispatcher, drain, stateOf, submitAll, isIdle } = await setUpDispatcher({}, { loadMs: 300 })
    const [first, second] = await submitAll('alpha', 'alpha')
    await dispatcher.dispatch(START)
    await expect.poll(() => sim.loads, soon).toBe(1)
    dispatcher.cancel([first])
    await isIdle()
    await drain()
    expect(await stateOf(second)).toBe('succeeded')
    expect({ loads: sim.loads, abandoned: sim.loadsAbandoned }).toEqual({ loads: 1, abandoned: 0 })
  })

  test('lets a load go on that a job beside it waits for', async () => {
    const { sim, dispatcher, submitAll, statesOf, isIdle } = await setUpDispatcher(
      { concurrency: 2 },
      { loadMs: 300, promptMs: 800 },
    )
    const [first, second] = await submitAll('alpha', 'alpha')
    await dispatcher.dispatch(START)
    await expect.poll(() => sim.requests.filter(({ path }) => path === '/api/generate').length, soon).toBe(2)
    dispatcher.cancel([first])
    await isIdle()
    expect(await statesOf(first, second)).toEqual(['cancelled', 'succeeded'])
    expect({ loads: sim.loads, abandoned: sim.loadsAbandoned }).toEqual({ loads: 1, abandoned: 0 })
  })

  test('of all jobs that wait for a load abandons it', async () => {
    const { sim, dispatcher, submitAll, isIdle } = await setUpDispatcher(
      { concurrency: 2 },
      { loadMs: 60_000 },
    )
    const both = await submitAll('alpha', 'alpha')
    await dispatcher.dispatch(START)
    await expect.poll(() => sim.requests.filter(({ path }) => path === '/api/generate').length, soon).toBe(2)
    dispatcher.cancel(both)
    await isIdle()
  })

  test('abandons a load when another group has waited too long: the model has to leave in any case', async () => {
    const { sim, clock, dispatcher, stateOf, submitAll } = await setUpDispatcher({}, { loadMs: 60_000 })
    const [first] = await submitAll('alpha', 'alpha', 'beta')
    await dispatcher.dispatch(START)
    await expect.poll(() => sim.loads, soon).toBe(1)
    clock.now += 60_001
    dispatcher.cancel([first])
    await expect.poll(() => stateOf(first), soon).toBe('cancelled')
    expect(sim.loadsAbandoned).toBe(1)
  })
})

describe('closing', () => {
  test('waits for the running jobs, and claims no other', async () => {
    const { dispatcher, submitAll, stateOf } = await setUpDispatcher()
    const [running, next] = await submitAll('alpha', 'alpha')
    await dispatcher.dispatch(START)
    await dispatcher.close(60_000)
    expect(await stateOf(running)).toBe('succeeded')
    await dispatcher.dispatch(START)
    expect(await stateOf(next)).toBe('queued')
  })

  test('puts the jobs back that still run after the grace period', async () => {
    const { sim, onEnd, dispatcher, submit, stateOf } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    const seq = await submit('alpha')
    await dispatcher.dispatch(START)
    await dispatcher.close(0)
    expect(await stateOf(seq)).toBe('queued')
    expect(onEnd.mock.calls).toMatchObject([[{ ending: 'stopped' }]])
  })

  test('does not wait for ever for a store that cannot be written: the job stays claimed', async () => {
    const { sim, store, onEnd, dispatcher, submit, stateOf } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    const seq = await submit('alpha')
    await dispatcher.dispatch(START)
    vi.spyOn(store.runs, 'release').mockRejectedValue(fullError())
    await dispatcher.close(0, 100)
    expect(await stateOf(seq)).toBe('running')
    expect(onEnd.mock.calls).toEqual([[{ ending: 'stopped' }]])
  })

  test('waits for a claim that is under way, and lets its job run to its end', async () => {
    const { store, dispatcher, submit, stateOf } = await setUpDispatcher()
    const seq = await submit('alpha')
    const claiming = heldBack(store.queue, 'claim')
    const dispatched = dispatcher.dispatch(START)
    await claiming.begun
    const closed = dispatcher.close(60_000).then(() => stateOf(seq))
    claiming.goOn()
    await dispatched
    expect(await closed).toBe('succeeded')
  })

  test('puts the job of such a claim back when there is no time for it', async () => {
    const { sim, store, dispatcher, submit } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    const seq = await submit('alpha')
    const claiming = heldBack(store.queue, 'claim')
    void dispatcher.dispatch(START)
    await claiming.begun
    const closed = dispatcher.close(0).then(() => store.records.bySeq(seq))
    claiming.goOn()
    expect(await closed).toMatchObject({ state: 'queued', attempt: 1, failedAttempts: 0 })
  })

  test('puts the jobs of a claim back whose answer was lost', async () => {
    const { sim, store, dispatcher, submit } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    const seq = await submit('alpha')
    const claim = store.queue.claim.bind(store.queue)
    vi.spyOn(store.queue, 'claim').mockImplementationOnce(withoutAnswer(claim))
    await expect(dispatcher.dispatch(START)).rejects.toSatisfy(isUnavailable)
    await dispatcher.close(0)
    expect(await store.records.bySeq(seq)).toMatchObject({ state: 'queued', lostCount: 0 })
  })

  test('leaves such jobs to the next worker while the store cannot be asked', async () => {
    const { store, dispatcher, submit, stateOf } = await setUpDispatcher()
    const seq = await submit('alpha')
    const claim = store.queue.claim.bind(store.queue)
    vi.spyOn(store.queue, 'claim').mockImplementationOnce(withoutAnswer(claim))
    vi.spyOn(store.queue, 'claimed').mockRejectedValue(unavailableError())
    await expect(dispatcher.dispatch(START)).rejects.toSatisfy(isUnavailable)
    await dispatcher.close(60_000)
    expect(await stateOf(seq)).toBe('running')
  })
})

describe('losing all jobs to another worker', () => {
  test('ends their runs at once, and writes nothing', async () => {
    const { sim, store, onEnd, dispatcher, submitAll, statesOf } = await setUpDispatcher({ concurrency: 2 })
    sim.fault({ kind: 'hang' })
    const [first, second, third] = await submitAll('alpha', 'alpha', 'alpha')
    await dispatcher.dispatch(START)
    await expect.poll(() => sim.inFlight, soon).toBe(2)
    const writes = (['finish', 'release'] as const).map(verb => vi.spyOn(store.runs, verb))
    await dispatcher.lose()
    expect(onEnd.mock.calls).toEqual([[{ ending: 'lost' }], [{ ending: 'lost' }]])
    await expect.poll(() => sim.inFlight, soon).toBe(0)
    await dispatcher.dispatch(START)
    expect(await statesOf(first, second, third)).toEqual(['running', 'running', 'queued'])
    expect(writes.flatMap(({ mock }) => mock.calls)).toEqual([])
  })

  test('does not wait with that for a claim that is under way, and runs nothing of it', async () => {
    const { sim, store, onEnd, dispatcher, submitAll } = await setUpDispatcher({ concurrency: 2 })
    sim.fault({ kind: 'hang' })
    await submitAll('alpha')
    await dispatcher.dispatch(START)
    await expect.poll(() => sim.inFlight, soon).toBe(1)
    await submitAll('alpha')
    const claiming = heldBack(store.queue, 'claim')
    void dispatcher.dispatch(START)
    await claiming.begun
    const lost = dispatcher.lose()
    await expect.poll(() => sim.inFlight, soon).toBe(0)
    expect(onEnd).toHaveBeenCalledTimes(1)
    claiming.goOn()
    await lost
    expect(onEnd.mock.calls).toEqual([[{ ending: 'lost' }], [{ ending: 'lost' }]])
    expect(sim.requests.filter(({ path }) => path === '/api/generate')).toHaveLength(1)
  })

  test('runs nothing of a claim either whose answer was lost, also when the worker stops then', async () => {
    const { sim, store, dispatcher, submit } = await setUpDispatcher()
    await submit('alpha')
    const claim = store.queue.claim.bind(store.queue)
    vi.spyOn(store.queue, 'claim').mockImplementationOnce(withoutAnswer(claim))
    await expect(dispatcher.dispatch(START)).rejects.toSatisfy(isUnavailable)
    await dispatcher.lose()
    await dispatcher.close(60_000)
    expect(sim.requests).toEqual([])
  })

  test('ends a stop that waits for them', async () => {
    const { sim, onEnd, dispatcher, submit } = await setUpDispatcher()
    sim.fault({ kind: 'hang' })
    await submit('alpha')
    await dispatcher.dispatch(START)
    const closed = dispatcher.close(60_000)
    await dispatcher.lose()
    await closed
    expect(onEnd.mock.calls).toEqual([[{ ending: 'lost' }]])
  })
})
