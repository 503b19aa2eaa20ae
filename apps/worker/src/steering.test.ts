import { END_TURN } from '@foreman/jobs'
import { parseWindows } from '@foreman/scheduling'
import type { NewHold } from '@foreman/store'
import { submitJob } from '@foreman/store/testing'
import { describe, expect, test, vi } from 'vitest'
import { Steering } from './steering.ts'
import { canonical, setUpDispatcher, START } from './testing/dispatcher.ts'
import { newJob, soon } from './testing/fixtures.ts'
import { setUpAtWork } from './testing/worker.ts'

const HOURS_MS = 3_600_000

/** A dispatcher whose steering a test reads anew with each look. */
const setUp = async (...options: Parameters<typeof setUpDispatcher>) => {
  const all = await setUpDispatcher(...options)
  const { store, clock, steering, dispatcher } = all
  const hold = (held: Omit<NewHold, 'by'>) => store.holds.set({ ...held, by: 'ann' }, clock.now)
  const release = (kind: NewHold['kind'], subject?: string) =>
    store.holds.release({ kind, ...(subject !== undefined && { subject }) }, { by: 'ann' }, clock.now)
  const look = async () => {
    await steering.read(clock.now, true)
    return dispatcher.dispatch(clock.now)
  }
  return { ...all, hold, release, look }
}

describe('while the queue is paused', () => {
  test('nothing starts, and what runs goes on', async () => {
    const { sim, hold, release, look, submitAll, statesOf, dispatcher, isIdle, drain } = await setUp()
    const fault = sim.fault({ kind: 'stall', path: '/api/generate' })
    const [running, next] = await submitAll('alpha', 'alpha')
    await look()
    await hold({ kind: 'pause' })
    await look()
    expect(await statesOf(running, next)).toEqual(['running', 'queued'])
    dispatcher.cancel([running])
    await isIdle()
    await fault.lift()
    expect(await drain()).toEqual([])
    await release('pause')
    expect(await drain()).toEqual([next])
  })

  test('a job waits, and what waited longest does not take the turn afterwards', async () => {
    const { clock, hold, release, submit, submitAll, drain, reasonsOf } = await setUp()
    await submit('alpha')
    await drain()
    const [beta, gamma, alpha] = await submitAll('beta', 'gamma', 'alpha')
    await hold({ kind: 'pause' })
    expect(await drain()).toEqual([])
    clock.now += 9 * HOURS_MS
    await release('pause')
    expect(await drain()).toEqual([alpha, beta, gamma])
    expect(await reasonsOf(alpha, beta, gamma)).toEqual([['resident'], ['drained'], ['drained']])
  })

  test('it ends by itself when its time is over', async () => {
    const { clock, hold, steering, submit, drain } = await setUp()
    await hold({ kind: 'pause', until: START + HOURS_MS })
    const seq = await submit('alpha')
    expect(await steering.read(START, true)).toBe(START + HOURS_MS)
    expect(await drain()).toEqual([])
    clock.now += HOURS_MS
    expect(await drain()).toEqual([seq])
  })

  test('what runs is put back without an attempt, if that is wanted, but no stream that has bytes', async () => {
    const { sim, store, hold, look, statesOf, submit, onEnd } = await setUp({ concurrency: 3 })
    const submitStream = async () => {
      const body = Buffer.from('{"model":"alpha","prompt":"x","options":{"num_predict":9}}')
      return (await submitJob(store, newJob({ groupKey: 'alpha', streaming: true, body }), START)).seq
    }
    const begun = await submitStream()
    sim.fault({ kind: 'stall', path: '/api/generate', count: 1 })
    await look()
    await expect.poll(async () => (await store.records.log(begun, 0)).length, soon).toBeGreaterThan(2)
    sim.fault({ kind: 'hang', path: '/api/generate' })
    const silent = await submitStream()
    const background = await submit('alpha')
    await look()
    expect(await statesOf(begun, silent, background)).toEqual(['running', 'running', 'running'])
    await hold({ kind: 'pause', releases: true })
    await look()
    await expect.poll(() => onEnd.mock.calls.length, soon).toBe(2)
    expect(await statesOf(begun, silent, background)).toEqual(['running', 'queued', 'queued'])
    for (const seq of [silent, background]) {
      expect(await store.records.bySeq(seq)).toMatchObject({ failedAttempts: 0, availableAt: null })
      const events = (await store.records.log(seq, 0)).flatMap(entry =>
        entry.kind === 'event' ? [entry.event] : [],
      )
      expect(events.at(-1)).toMatchObject({ type: 'released', code: 'paused' })
    }
  })

  test('the models leave memory, if that is wanted, once what runs has ended', async () => {
    const { sim, clock, hold, look, submit, dispatcher, unload, onReady, isIdle } = await setUp()
    const fault = sim.fault({ kind: 'stall', path: '/api/generate' })
    const seq = await submit('alpha', 'alpha|num_ctx=1')
    await look()
    await hold({ kind: 'pause', unloads: true })
    await look()
    expect(unload).not.toHaveBeenCalled()
    dispatcher.cancel([seq])
    await isIdle()
    await fault.lift()
    unload.mockRejectedValueOnce(new Error('busy'))
    await look()
    await expect.poll(() => onReady.mock.calls.length, soon).toBe(1)
    // It is not asked again at once.
    expect(await look()).toBe(clock.now + 5_000)
    clock.now += 5_000
    await look()
    await expect.poll(() => onReady.mock.calls.length, soon).toBe(2)
    await look()
    expect(unload.mock.calls).toEqual([[new Set(['alpha'])], [new Set(['alpha'])]])
  })
})

describe('what an operator holds', () => {
  test('is all of a model, by whatever name, and nothing else', async () => {
    const { store, hold, release, submit, drain } = await setUp()
    const [name, other] = [canonical('alpha'), canonical('alias')]
    await store.catalogue.replaceModels([{ name, digest: 'd', remote: false }])
    await store.catalogue.noteLoading('d', { weights: 'sha256-1' })
    const held = [await submit('alpha', 'sha256-1'), await submit('alias', 'sha256-1|num_ctx=1')]
    const free = await submit('beta')
    const unknown = await submit('gamma', other)
    await hold({ kind: 'model', subject: name })
    await hold({ kind: 'model', subject: other })
    expect(await drain()).toEqual([free])
    await release('model', name)
    expect(await drain()).toEqual(held)
    await release('model', other)
    expect(await drain()).toEqual([unknown])
  })

  test('is a priority, which has not grown older meanwhile', async () => {
    const { clock, hold, release, submit, drain } = await setUp()
    const low = await submit('alpha', 'alpha', 'low')
    const normal = await submit('alpha')
    await hold({ kind: 'priority', subject: 'low' })
    expect(await drain()).toEqual([normal])
    clock.now += 9 * HOURS_MS
    const later = [await submit('alpha'), await submit('alpha')]
    await release('priority', 'low')
    expect(await drain()).toEqual([...later, low])
  })

  test.each([0, 300_000])('is a caller, in a line with others (half-life %i ms)', async halfLifeMs => {
    const { store, clock, hold, release, drain } = await setUp({ halfLifeMs, concurrency: 2 })
    const submitOf = async (account: string, groupKey = 'alpha') => {
      const body = Buffer.from('{"model":"alpha","prompt":"x","options":{"num_predict":1}}')
      return (await submitJob(store, newJob({ account, sender: 's', groupKey, body }), clock.now)).seq
    }
    const [first, second] = [await submitOf('bob'), await submitOf('ann')]
    const [third, fourth, alone] = [
      await submitOf('bob'),
      await submitOf('ann'),
      await submitOf('bob', 'beta'),
    ]
    await hold({ kind: 'caller', subject: 'bob' })
    expect(await drain()).toEqual([second, fourth])
    await release('caller', 'bob')
    expect(await drain()).toEqual([first, third, alone])
  })

  test('is not overdue when it is let go', async () => {
    const { clock, hold, release, submit, drain, reasonsOf } = await setUp()
    const held = await submit('beta', 'beta', 'low')
    await hold({ kind: 'priority', subject: 'low' })
    await submit('alpha')
    await drain()
    clock.now += 9 * HOURS_MS
    const alpha = await submit('alpha')
    await release('priority', 'low')
    expect(await drain()).toEqual([alpha, held])
    expect(await reasonsOf(held)).toEqual([['drained']])
  })

  test('is not the job for which slots were kept free', async () => {
    const { sim, store, hold, look, submit, submitAll, stateOf } = await setUp({ concurrency: 4 })
    sim.fault({ kind: 'stall', path: '/api/generate' })
    const lost = [await submit('alpha', 'alpha', 'low'), await submit('gamma', 'gamma', 'low')]
    for (const model of ['alpha', 'gamma']) {
      const line = {
        groupKey: model,
        priority: 2,
        upTo: 1,
        isIdle: true,
        reason: 'first',
        turnStartedAt: 1,
      } as const
      await store.queue.claim({ ...line, token: model }, START)
    }
    await store.runs.requeueLost({ now: START, ttlMs: 1_000 })
    await submit('alpha')
    await look()
    await look()
    await hold({ kind: 'priority', subject: 'low' })
    const [next] = await submitAll('alpha')
    await look()
    expect(await stateOf(next)).toBe('running')
    expect(await stateOf(lost[0]!)).toBe('queued')
  })
})

test('outside of its windows a class is held, unless an operator lets it through', async () => {
  const { store, clock, submit } = await setUp()
  clock.now = Date.parse('2026-01-01T12:00:00Z')
  const windows = parseWindows('low 22:00-07:00', ['low'])!
  const steering = new Steering({ store, windows, timeZone: 'UTC' })
  await submit('alpha', 'alpha', 'low')
  await submit('alpha')
  const mayStart = async () => {
    const changesAt = await steering.read(clock.now, true)
    const lines = await steering.mayStart(await store.queue.waitingLines(), clock.now)
    return { classes: lines.map(({ priority }) => priority).toSorted((a, b) => a - b), changesAt }
  }
  const opensAt = Date.parse('2026-01-01T22:00:00Z')
  expect(await mayStart()).toEqual({ classes: [1], changesAt: opensAt })
  const until = clock.now + HOURS_MS
  await store.holds.set({ kind: 'open_priority', subject: 'low', until, by: 'ann' }, clock.now)
  expect(await mayStart()).toEqual({ classes: [1, 2], changesAt: until })
  clock.now = until
  expect(await mayStart()).toEqual({ classes: [1], changesAt: opensAt })
  clock.now = opensAt
  expect(await mayStart()).toEqual({ classes: [1, 2], changesAt: Date.parse('2026-01-02T07:00:00Z') })
})

describe('a turn that an operator ends', () => {
  const end = { by: 'ann', action: END_TURN }

  test('goes to the next group when what runs has ended, once', async () => {
    const { sim, store, clock, look, submitAll, statesOf, drain, reasonsOf, dispatcher, isIdle } =
      await setUp({
        concurrency: 2,
      })
    const fault = sim.fault({ kind: 'stall', path: '/api/generate' })
    const [running] = await submitAll('alpha')
    await look()
    const [own, other] = await submitAll('alpha', 'beta')
    clock.now += 1
    await store.operations.ask(end, clock.now)
    await look()
    expect(await statesOf(running, own, other)).toEqual(['running', 'queued', 'queued'])
    expect(await store.operations.asked(END_TURN)).toBeDefined()
    dispatcher.cancel([running])
    await isIdle()
    await fault.lift()
    clock.now += 1
    expect(await drain()).toEqual([other, own])
    expect(await reasonsOf(other, own)).toEqual([['ended'], ['drained']])
    expect(await store.operations.asked(END_TURN)).toBeUndefined()
  })

  test('begins anew when nobody else waits, and is nothing where there is none', async () => {
    const { store, clock, look, submit, drain } = await setUp()
    await store.operations.ask(end, clock.now)
    await look()
    expect(await store.operations.asked(END_TURN)).toBeUndefined()
    await submit('alpha')
    await drain()
    clock.now += 10
    await store.operations.ask(end, clock.now)
    await submit('alpha')
    await drain()
    expect(await store.operations.asked(END_TURN)).toBeUndefined()
  })
})

describe('the worker', () => {
  test('heeds a hold of another process, and goes on when it is released', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    await store.holds.set({ kind: 'pause', by: 'ann' }, Date.now())
    const seq = await submit()
    await worker.tick()
    expect(await stateOf(seq)).toBe('queued')
    await store.holds.release({ kind: 'pause' }, { by: 'ann' }, Date.now())
    await worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('goes on by itself when the time of a pause is over', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    await store.holds.set({ kind: 'pause', until: Date.now() + 150, by: 'ann' }, Date.now())
    const seq = await submit()
    await worker.tick()
    expect(await stateOf(seq)).toBe('queued')
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    expect(await store.operations.list({ limit: 1 })).toMatchObject([{ by: 'foreman', action: 'resume' }])
  })

  test('unloads what its jobs have loaded, and nothing else', async () => {
    const { sim, store, worker, submit, stateOf } = await setUpAtWork()
    const body = (model: string) =>
      Buffer.from(JSON.stringify({ model, prompt: 'x', options: { num_predict: 1 } }))
    const generate = (model: string) =>
      fetch(`${sim.url}/api/generate`, { method: 'POST', body: body(model) }).then(answer => answer.text())
    const submitAlpha = () =>
      submit({
        model: 'alpha',
        modelName: canonical('alpha'),
        groupKey: canonical('alpha'),
        body: body('alpha'),
      })
    const seq = await submitAlpha()
    await worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    await generate('beta')
    expect(sim.resident().toSorted()).toEqual(['alpha', 'beta'])
    await store.holds.set({ kind: 'pause', unloads: true, by: 'ann' }, Date.now())
    await worker.tick()
    await expect.poll(() => sim.resident(), soon).toEqual(['beta'])
    await store.holds.release({ kind: 'pause' }, { by: 'ann' }, Date.now())
    const next = await submitAlpha()
    await expect.poll(async () => (await worker.tick(), stateOf(next)), soon).toBe('succeeded')
  })

  test('starts nothing while it cannot be read what is held', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    vi.spyOn(store.queue, 'agenda').mockRejectedValue(new Error('damaged'))
    const list = vi.spyOn(store.holds, 'list').mockRejectedValue(new Error('damaged'))
    const seq = await submit()
    await worker.tick()
    expect(await stateOf(seq)).toBe('queued')
    list.mockRestore()
    await expect.poll(async () => (await worker.tick(), stateOf(seq)), soon).toBe('succeeded')
  })
})
