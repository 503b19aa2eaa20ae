import type { Priority } from '@foreman/jobs'
import { loadSignature, OllamaClient } from '@foreman/ollama-client'
import { type SimOptions, startSim } from '@foreman/ollama-sim'
import { isBusy } from '@foreman/store'
import { fullError } from '@foreman/store/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts'
import { newJob, openTempStore, silent, soon, tempFile } from './testing/fixtures.ts'

const START = 1_000_000
const canonical = (model: string): string => `registry.ollama.ai/library/${model}:latest`

/** A dispatcher on a real file and a simulated Ollama, whose clock the test moves. */
const setUp = async (options: Partial<DispatcherOptions> = {}, simOptions: SimOptions = {}) => {
  const sim = await startSim({ parallel: 8, ...simOptions })
  onTestFinished(() => sim.close())
  const file = tempFile()
  const store = openTempStore(file)
  const clock = { now: START }
  const target = { isUp: true }
  const embedder = { isDue: false, pin: vi.fn<() => Promise<void>>(() => Promise.resolve()) }
  const onEnd = vi.fn<DispatcherOptions['onEnd']>()
  const onPinned = vi.fn<() => void>()
  const start = () =>
    new Dispatcher({
      store,
      target,
      embedder,
      concurrency: 1,
      maxWaitMs: 60_000,
      run: {
        client: new OllamaClient({ url: sim.url }),
        store,
        logger: silent,
        now: () => clock.now,
        jobTimeoutMs: 60_000,
        stallMs: 60_000,
        loadTimeoutMs: 60_000,
        maxAttempts: 3,
        jobTtlMs: 1_000,
        probe: () => Promise.resolve('there'),
        onProgress: () => undefined,
      },
      onEnd,
      onPinned,
      ...options,
    })
  const dispatcher = start()
  onTestFinished(() => dispatcher.close(0))

  const submit = (model: string, groupKey = model, priority: Priority = 'normal') =>
    store.submissions.enqueue(
      newJob({
        priority,
        model,
        modelName: canonical(model),
        groupKey,
        body: Buffer.from(JSON.stringify({ model, prompt: 'go on', options: { num_predict: 1 } })),
      }),
      clock.now,
    ).seq
  const stateOf = (seq: number) => store.records.bySeq(seq)?.state
  const reasonOf = (seq: number) =>
    store.records.log(seq, 0).flatMap(({ kind, ...entry }) => {
      const event = kind === 'event' && 'event' in entry ? entry.event : undefined
      return event?.type === 'started' ? [event.reason] : []
    })
  /** Dispatches until nothing runs and nothing is ready. Returns the jobs in the order in which they started. */
  const drain = async (): Promise<number[]> => {
    const started: number[] = []
    for (;;) {
      const waiting = store.records.list({ limit: 100, state: 'queued' }).map(({ seq }) => seq)
      dispatcher.dispatch(clock.now)
      started.push(...waiting.filter(seq => stateOf(seq) !== 'queued').toSorted((a, b) => a - b))
      if (dispatcher.running === 0) return started
      const ended = onEnd.mock.calls.length
      await expect.poll(() => onEnd.mock.calls.length, soon).toBeGreaterThan(ended)
    }
  }
  return {
    sim,
    file,
    store,
    clock,
    target,
    embedder,
    onEnd,
    onPinned,
    start,
    dispatcher,
    submit,
    stateOf,
    reasonOf,
    drain,
  }
}

describe('free slots', () => {
  test('are filled with jobs of one group, the oldest first', async () => {
    const { sim, dispatcher, submit, stateOf } = await setUp({ concurrency: 2 })
    sim.fault({ kind: 'hang' })
    const [first, other, second, third] = ['alpha', 'beta', 'alpha', 'alpha'].map(model => submit(model))
    dispatcher.dispatch(START)
    expect([first, second].map(seq => stateOf(seq!))).toEqual(['running', 'running'])
    expect([other, third].map(seq => stateOf(seq!))).toEqual(['queued', 'queued'])
    dispatcher.dispatch(START)
    expect(dispatcher.running).toBe(2)
  })

  test('stay free while jobs of another group run', async () => {
    const { sim, dispatcher, submit, stateOf, drain } = await setUp({ concurrency: 2 })
    const fault = sim.fault({ kind: 'stall', model: 'alpha' })
    const alpha = submit('alpha')
    const beta = submit('beta')
    dispatcher.dispatch(START)
    dispatcher.dispatch(START)
    expect([alpha, beta].map(stateOf)).toEqual(['running', 'queued'])
    await fault.lift()
    dispatcher.cancel([alpha])
    await expect.poll(() => stateOf(alpha), soon).toBe('cancelled')
    expect(await drain()).toEqual([beta])
  })

  test('stay free while the target is away', async () => {
    const { target, dispatcher, submit, stateOf } = await setUp()
    const seq = submit('alpha')
    target.isUp = false
    dispatcher.dispatch(START)
    expect(stateOf(seq)).toBe('queued')
    target.isUp = true
    dispatcher.dispatch(START)
    expect(stateOf(seq)).toBe('running')
  })

  test('stay free while another process writes, and nothing is lost', async () => {
    const { file, store, dispatcher, submit, stateOf, reasonOf } = await setUp()
    const seq = submit('alpha')
    let error: unknown
    openTempStore(file).atOnce('normal', () => {
      try {
        dispatcher.dispatch(START)
      } catch (thrown) {
        error = thrown
      }
    })
    expect(isBusy(error)).toBe(true)
    expect(dispatcher.running).toBe(0)
    expect(store.queue.turn()).toBeUndefined()
    dispatcher.dispatch(START)
    expect(stateOf(seq)).toBe('running')
    expect(reasonOf(seq)).toEqual(['first'])
  })
})

describe('a job that was lost together with others', () => {
  /** Submits jobs that run together when their worker dies. */
  const lose = ({ store, submit }: Awaited<ReturnType<typeof setUp>>, ...models: string[]) => {
    const seqs = models.map(model => submit(model))
    for (const model of models) store.queue.claimNext(model, 'first', START, START)
    store.runs.requeueLost(START, 1_000)
    return seqs
  }
  const isIdle = (dispatcher: Dispatcher) => expect.poll(() => dispatcher.running, soon).toBe(0)

  test('runs alone, and so does the next', async () => {
    const all = await setUp({ concurrency: 4 })
    const { sim, dispatcher, stateOf, submit } = all
    sim.fault({ kind: 'stall', path: '/api/generate' })
    const lost = lose(all, 'alpha', 'alpha')
    const later = [submit('alpha'), submit('alpha')]
    const states = () => [...lost, ...later].map(stateOf)
    dispatcher.dispatch(START)
    dispatcher.dispatch(START)
    expect(states()).toEqual(['running', 'queued', 'queued', 'queued'])
    dispatcher.cancel(lost.slice(0, 1))
    await isIdle(dispatcher)
    dispatcher.dispatch(START)
    expect(states()).toEqual(['cancelled', 'running', 'queued', 'queued'])
    dispatcher.cancel(lost)
    await isIdle(dispatcher)
    dispatcher.dispatch(START)
    expect(states()).toEqual(['cancelled', 'cancelled', 'running', 'running'])
  })

  /** One job runs, and the next in the line is one that runs alone. */
  const setUpBehindAnother = async () => {
    const all = await setUp({ concurrency: 4 })
    all.sim.fault({ kind: 'stall', path: '/api/generate' })
    const [lost, other] = lose(all, 'alpha', 'gamma')
    all.store.submissions.cancel({ seq: other!, id: '' }, START, 1_000)
    const first = all.submit('alpha', 'alpha', 'high')
    all.dispatcher.dispatch(START)
    expect([first, lost!].map(all.stateOf)).toEqual(['running', 'queued'])
    const end = async (seq: number) => {
      all.dispatcher.cancel([seq])
      await expect.poll(() => all.stateOf(seq), soon).toBe('cancelled')
      await isIdle(all.dispatcher)
    }
    return { ...all, first, lost: lost!, end }
  }

  test('is passed by no other while it waits for the slots, not even by a more urgent one', async () => {
    const { dispatcher, submit, stateOf, first, lost, end } = await setUpBehindAnother()
    const urgent = submit('alpha', 'alpha', 'high')
    dispatcher.dispatch(START)
    expect(stateOf(urgent)).toBe('queued')
    await end(first)
    dispatcher.dispatch(START)
    expect([lost, urgent].map(stateOf)).toEqual(['running', 'queued'])
  })

  test('does not keep a group waiting that has waited too long', async () => {
    const { dispatcher, submit, stateOf, first, lost, end } = await setUpBehindAnother()
    const overdue = submit('beta')
    await end(first)
    dispatcher.dispatch(START + 60_001)
    expect([lost, overdue].map(stateOf)).toEqual(['queued', 'running'])
  })

  test('keeps no slot free once it is cancelled', async () => {
    const { store, dispatcher, submit, stateOf, lost } = await setUpBehindAnother()
    const next = submit('alpha')
    dispatcher.dispatch(START)
    expect(stateOf(next)).toBe('queued')
    store.submissions.cancel({ seq: lost, id: '' }, START, 1_000)
    dispatcher.dispatch(START)
    expect(stateOf(next)).toBe('running')
  })
})

describe('turns', () => {
  test('go from group to group, and each start is recorded with its reason', async () => {
    const { submit, reasonOf, drain } = await setUp()
    const [a1, b1, a2, b2] = ['alpha', 'beta', 'alpha', 'beta'].map(model => submit(model))
    expect(await drain()).toEqual([a1, a2, b1, b2])
    expect([a1, a2, b1, b2].map(seq => reasonOf(seq!)[0])).toEqual([
      'first',
      'resident',
      'drained',
      'resident',
    ])
  })

  test('end when a group has waited too long', async () => {
    const { sim, clock, dispatcher, submit, stateOf, reasonOf } = await setUp()
    const [a1, , a2] = ['alpha', 'alpha', 'alpha'].map(model => submit(model))
    const beta = submit('beta')
    dispatcher.dispatch(clock.now)
    await expect.poll(() => stateOf(a1!), soon).toBe('succeeded')
    await expect.poll(() => dispatcher.running, soon).toBe(0)
    clock.now += 60_001
    sim.fault({ kind: 'hang' })
    dispatcher.dispatch(clock.now)
    expect([beta, a2!].map(stateOf)).toEqual(['running', 'queued'])
    expect(reasonOf(beta)).toEqual(['overdue'])
  })

  test('end when the group runs dry: its next job begins a new one', async () => {
    const { store, clock, submit, drain } = await setUp()
    submit('alpha')
    await drain()
    clock.now += 5_000
    submit('alpha')
    await drain()
    expect(store.queue.turn()).toEqual({ groupKey: 'alpha', startedAt: START + 5_000 })
  })

  test('go on while a job of the group still runs, although none is ready', async () => {
    const { store, sim, clock, dispatcher, submit } = await setUp({ concurrency: 2 })
    sim.fault({ kind: 'hang' })
    submit('alpha')
    dispatcher.dispatch(clock.now)
    clock.now += 5_000
    submit('alpha')
    dispatcher.dispatch(clock.now)
    expect(dispatcher.running).toBe(2)
    expect(store.queue.turn()).toEqual({ groupKey: 'alpha', startedAt: START })
  })

  test('of a dead worker are continued', async () => {
    const { store, start, submit, stateOf, dispatcher, drain } = await setUp()
    submit('alpha')
    await drain()
    const [beta, alpha] = ['beta', 'alpha'].map(model => submit(model))
    const next = start()
    onTestFinished(() => next.close(0))
    next.resumeTurn()
    next.dispatch(START)
    expect([stateOf(beta!), stateOf(alpha!)]).toEqual(['queued', 'running'])
    expect(store.queue.turn()?.startedAt).toBe(START)
    expect(dispatcher.running).toBe(0)
  })

  test('are forgotten by forgetTurn: the group that has waited longest is first', async () => {
    const { dispatcher, submit, reasonOf, drain } = await setUp()
    submit('alpha')
    await drain()
    const [beta, alpha] = ['beta', 'alpha'].map(model => submit(model))
    dispatcher.forgetTurn()
    expect(await drain()).toEqual([beta, alpha])
    expect(reasonOf(beta!)).toEqual(['first'])
  })
})

describe('a model about which more becomes known', () => {
  test('takes its waiting jobs, and the turn that it has, to the right group', async () => {
    const { store, dispatcher, submit, reasonOf, drain } = await setUp()
    const key = (model: string, weights?: string) => loadSignature({ model: canonical(model), weights })
    const run = submit('plain', key('plain'))
    await drain()
    const other = submit('alpha', key('alpha'))
    const [plain, think] = ['plain', 'think'].map(model => submit(model, key(model)))
    store.catalogue.replaceModels(
      ['plain', 'think'].map(model => ({ name: canonical(model), digest: model, remote: false })),
    )
    for (const model of ['plain', 'think']) {
      store.catalogue.noteLoading(model, { weights: 'shared' })
      dispatcher.regroup(canonical(model))
    }
    const lines = store.queue.waitingLines().map(({ groupKey }) => groupKey)
    expect(lines.toSorted()).toEqual([key('alpha'), key('plain', 'shared')].toSorted())
    expect(await drain()).toEqual([plain, think, other])
    expect([run, plain, think, other].map(seq => reasonOf(seq!)[0])).toEqual([
      'first',
      'resident',
      'resident',
      'drained',
    ])
  })
})

test('load options that cannot be read keep no other job of the model from its right group', async () => {
  const { store, clock, dispatcher, submit } = await setUp()
  const modelName = canonical('alpha')
  const bad = newJob({ model: 'alpha', modelName, groupKey: 'wrong', loadOptions: '{' })
  store.submissions.enqueue(bad, clock.now)
  const good = submit('alpha', 'wrong')
  dispatcher.regroup(modelName)
  expect(store.records.bySeq(good)?.groupKey).toBe(loadSignature({ model: modelName }))
})

describe('the embedding model', () => {
  test('is loaded before the next job, but not while a job runs', async () => {
    const { sim, embedder, onPinned, dispatcher, submit, stateOf } = await setUp()
    sim.fault({ kind: 'hang', count: 1 })
    const running = submit('alpha')
    dispatcher.dispatch(START)
    embedder.isDue = true
    dispatcher.dispatch(START)
    expect(embedder.pin).not.toHaveBeenCalled()
    dispatcher.cancel([running])
    await expect.poll(() => dispatcher.running, soon).toBe(0)

    const next = submit('alpha')
    let loaded: (() => void) | undefined
    embedder.pin.mockImplementation(() => new Promise<void>(resolve => (loaded = resolve)))
    dispatcher.dispatch(START)
    embedder.isDue = false
    dispatcher.dispatch(START)
    expect(embedder.pin).toHaveBeenCalledTimes(1)
    expect(stateOf(next)).toBe('queued')
    loaded?.()
    await expect.poll(() => onPinned.mock.calls.length, soon).toBe(1)
    dispatcher.dispatch(START)
    expect(stateOf(next)).toBe('running')
  })
})

describe('an error of what follows', () => {
  const broken = () => {
    throw new Error('malformed')
  }

  test('the end of a job frees its slot all the same', async () => {
    const onEnd = vi.fn<DispatcherOptions['onEnd']>(broken)
    const { dispatcher, submit, stateOf } = await setUp({ onEnd })
    const seqs = ['alpha', 'alpha'].map(model => submit(model))
    for (const [n, seq] of seqs.entries()) {
      dispatcher.dispatch(START)
      await expect.poll(() => onEnd.mock.calls.length, soon).toBe(n + 1)
      expect(stateOf(seq)).toBe('succeeded')
    }
    expect(dispatcher.running).toBe(0)
  })

  test('loading the embedding model lets jobs run all the same', async () => {
    const onPinned = vi.fn<() => void>(broken)
    const { embedder, dispatcher, submit, stateOf } = await setUp({ onPinned })
    embedder.isDue = true
    embedder.pin.mockRejectedValue(new Error('malformed'))
    const seq = submit('alpha')
    dispatcher.dispatch(START)
    embedder.isDue = false
    await expect.poll(() => onPinned.mock.calls.length, soon).toBe(1)
    dispatcher.dispatch(START)
    expect(stateOf(seq)).toBe('running')
  })
})

describe('cancelling', () => {
  test('a job that does not run here does nothing', async () => {
    const { dispatcher, submit, stateOf } = await setUp()
    const seq = submit('alpha')
    dispatcher.cancel([seq])
    expect(stateOf(seq)).toBe('queued')
  })

  test('lets a load go on that other jobs of the group wait for', async () => {
    const { sim, dispatcher, submit, drain, stateOf } = await setUp({}, { loadMs: 300 })
    const [first, second] = ['alpha', 'alpha'].map(model => submit(model))
    dispatcher.dispatch(START)
    await expect.poll(() => sim.loads, soon).toBe(1)
    dispatcher.cancel([first!])
    await expect.poll(() => dispatcher.running, soon).toBe(0)
    await drain()
    expect(stateOf(second!)).toBe('succeeded')
    expect({ loads: sim.loads, abandoned: sim.loadsAbandoned }).toEqual({ loads: 1, abandoned: 0 })
  })

  test('lets a load go on that a job beside it waits for', async () => {
    const { sim, dispatcher, submit, stateOf } = await setUp(
      { concurrency: 2 },
      { loadMs: 300, promptMs: 800 },
    )
    const [first, second] = ['alpha', 'alpha'].map(model => submit(model))
    dispatcher.dispatch(START)
    await expect.poll(() => sim.requests.filter(({ path }) => path === '/api/generate').length, soon).toBe(2)
    dispatcher.cancel([first!])
    await expect.poll(() => dispatcher.running, soon).toBe(0)
    expect([first, second].map(seq => stateOf(seq!))).toEqual(['cancelled', 'succeeded'])
    expect({ loads: sim.loads, abandoned: sim.loadsAbandoned }).toEqual({ loads: 1, abandoned: 0 })
  })

  test('of all jobs that wait for a load abandons it', async () => {
    const { sim, dispatcher, submit } = await setUp({ concurrency: 2 }, { loadMs: 60_000 })
    const both = ['alpha', 'alpha'].map(model => submit(model))
    dispatcher.dispatch(START)
    await expect.poll(() => sim.requests.filter(({ path }) => path === '/api/generate').length, soon).toBe(2)
    dispatcher.cancel(both)
    await expect.poll(() => dispatcher.running, soon).toBe(0)
  })

  test('abandons a load when another group has waited too long: the model has to leave in any case', async () => {
    const { sim, clock, dispatcher, submit, stateOf } = await setUp({}, { loadMs: 60_000 })
    const [first] = ['alpha', 'alpha', 'beta'].map(model => submit(model))
    dispatcher.dispatch(START)
    await expect.poll(() => sim.loads, soon).toBe(1)
    clock.now += 60_001
    dispatcher.cancel([first!])
    await expect.poll(() => stateOf(first!), soon).toBe('cancelled')
    expect(sim.loadsAbandoned).toBe(1)
  })
})

describe('closing', () => {
  test('waits for the running jobs, and claims no other', async () => {
    const { dispatcher, submit, stateOf } = await setUp()
    const [running, next] = ['alpha', 'alpha'].map(model => submit(model))
    dispatcher.dispatch(START)
    await dispatcher.close(60_000)
    expect(stateOf(running!)).toBe('succeeded')
    dispatcher.dispatch(START)
    expect(stateOf(next!)).toBe('queued')
  })

  test('puts the jobs back that still run after the grace period', async () => {
    const { sim, onEnd, dispatcher, submit, stateOf } = await setUp()
    sim.fault({ kind: 'hang' })
    const seq = submit('alpha')
    dispatcher.dispatch(START)
    await dispatcher.close(0)
    expect(stateOf(seq)).toBe('queued')
    expect(onEnd.mock.calls).toEqual([[{ ending: 'stopped' }]])
  })
  test('does not wait for ever for a file that cannot be written: the job stays claimed', async () => {
    const { sim, store, onEnd, dispatcher, submit, stateOf } = await setUp()
    sim.fault({ kind: 'hang' })
    const seq = submit('alpha')
    dispatcher.dispatch(START)
    vi.spyOn(store, 'together').mockRejectedValue(fullError())
    await dispatcher.close(0, 100)
    expect(stateOf(seq)).toBe('running')
    expect(onEnd.mock.calls).toEqual([[{ ending: 'stopped' }]])
  })
})
