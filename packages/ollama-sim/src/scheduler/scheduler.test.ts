import { beforeEach, describe, expect, test } from 'vitest'
import { recordedModels, type Model } from '../model/catalogue.ts'
import { loadOptions, serves, type SimVersion } from './load-options.ts'
import { ManualClock } from './manual-clock.ts'
import { Scheduler, type Lease, type SchedulerOptions } from './scheduler.ts'

const models = new Map(recordedModels().map(model => [model.name, model]))
const LOAD_MS = 3000

let clock: ManualClock
let scheduler: Scheduler
/** What happened, with the time at which it did. */
let events: string[]

const start = (options: Partial<SchedulerOptions> = {}): void => {
  clock = new ManualClock()
  events = []
  scheduler = new Scheduler({
    maxLoaded: 1,
    maxQueue: 512,
    parallel: 1,
    keepAliveMs: 300_000,
    loadMs: () => LOAD_MS,
    serves: serves['0.24.0'],
    clock,
    ...options,
  })
}

beforeEach(() => start())

interface Job {
  name?: string
  model: string
  workMs?: number
  keepAliveMs?: number
  options?: Record<string, unknown>
}

/** Runs a job as a route does; returns how its caller leaves. */
const job = ({ name, model: modelName, workMs = 0, keepAliveMs, options = {} }: Job): (() => void) => {
  const model = models.get(modelName)!
  const leaving = new AbortController()
  const { signal } = leaving
  const note = (what: string) => events.push(`${clock.now()} ${name ?? modelName} ${what}`)
  const wanted = { model, options: loadOptions(options, undefined), keepAliveMs, signal }
  const run = async () => {
    const lease = await scheduler.schedule(wanted)
    try {
      await lease.takeSlot()
      note('begins')
      await work(workMs, signal)
      note('ends')
    } finally {
      lease.release()
    }
  }
  run().catch((error: Error) => note(error.message))
  return () => leaving.abort(new Error('left'))
}

/** Takes its time; rejects when the caller leaves. */
const work = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const callOff = clock.after(ms, resolve)
    signal.addEventListener('abort', () => {
      callOff()
      reject(signal.reason as Error)
    })
  })

const resident = () => scheduler.resident().map(({ model }) => model.name)

describe('residency', () => {
  test('lists a model only after its load has finished', async () => {
    job({ model: 'alpha' })
    await clock.pass(LOAD_MS - 1)
    expect(resident()).toEqual([])
    await clock.pass(1)
    expect(resident()).toEqual(['alpha'])
    expect(events).toEqual(['3000 alpha begins', '3000 alpha ends'])
  })

  test('loads nothing for another name of the same weights', async () => {
    for (const model of ['plain', 'json', 'tools']) job({ model })
    await clock.pass(LOAD_MS)
    expect(scheduler.loads).toBe(1)
    expect(events).toContain('3000 tools ends')
  })

  test.each([
    ['loads anew for another num_ctx', { num_ctx: 2048 }, 2],
    ['stays for the num_ctx that it has anyway', { num_ctx: 4096 }, 1],
    ['loads anew for a longer context than it was trained for', { num_ctx: 100_000 }, 2],
    ['stays for the context that it has', { num_ctx: 4096 }, 1],
    ['stays for what does not concern the load', { temperature: 0, num_predict: 3, seed: 1 }, 1],
    ['stays for a num_gpu left to the server', { num_gpu: -1 }, 1],
    ['loads anew for another num_thread', { num_thread: 3 }, 2],
    ['loads anew for another num_batch', { num_batch: 64 }, 2],
  ])('%s', async (_what, options, loads) => {
    job({ model: 'plain' })
    await clock.pass(LOAD_MS)
    job({ model: 'plain', options })
    await clock.pass(LOAD_MS)
    expect(scheduler.loads).toBe(loads)
    expect(scheduler.queued).toBe(0)
  })

  /** What real servers did, on a machine without a GPU. */
  test.each<
    [version: SimVersion, loaded: Record<string, unknown>, wanted: Record<string, unknown>, isServed: boolean]
  >([
    ['0.24.0', { num_ctx: 4096 }, { num_ctx: 100_000 }, false],
    ['0.33.0', { num_ctx: 4096 }, { num_ctx: 100_000 }, true],
    ['0.24.0', { num_ctx: 100_000 }, { num_ctx: 200_000 }, false],
    ['0.33.0', { num_ctx: 100_000 }, { num_ctx: 200_000 }, true],
    ['0.24.0', {}, { main_gpu: 0 }, true],
    ['0.33.0', {}, { main_gpu: 0 }, false],
    ['0.24.0', {}, { use_mmap: false }, false],
    ['0.33.0', {}, { use_mmap: false }, true],
    ['0.33.0', { use_mmap: false }, {}, false],
    ['0.24.0', {}, { draft_num_predict: 4 }, true],
    ['0.33.0', {}, { draft_num_predict: 4 }, false],
    ['0.24.0', {}, { num_gpu: 99 }, false],
    ['0.24.0', { num_gpu: 99 }, {}, true],
    ['0.33.0', { num_batch: 512 }, {}, true],
    ['0.24.0', {}, { shift: false }, true],
    ['0.33.0', {}, { shift: false }, false],
  ])('%s: what was loaded with %j serves %j: %s', (version, loaded, wanted, isServed) => {
    const read = ({ shift, ...options }: Record<string, unknown>) => loadOptions(options, shift as boolean)
    expect(serves[version](read(loaded), read(wanted))).toBe(isServed)
  })

  test('keeps as many models as it may and evicts the idle one that stays shortest', async () => {
    start({ maxLoaded: 2 })
    job({ model: 'alpha', keepAliveMs: 60_000 })
    await clock.pass(LOAD_MS)
    job({ model: 'beta', keepAliveMs: 30_000 })
    await clock.pass(LOAD_MS)
    expect(resident()).toEqual(['alpha', 'beta'])
    job({ model: 'gamma' })
    await clock.pass(LOAD_MS)
    expect(resident()).toEqual(['gamma', 'alpha'])
  })

  test('evicts an idle model rather than a busy one that stays shorter', async () => {
    start({ maxLoaded: 2 })
    job({ model: 'alpha', workMs: 60_000, keepAliveMs: 1000 })
    await clock.pass(LOAD_MS)
    job({ model: 'beta' })
    await clock.pass(LOAD_MS)
    job({ model: 'gamma' })
    await clock.pass(LOAD_MS)
    expect(resident().toSorted()).toEqual(['alpha', 'gamma'])
  })

  test('loads again after the model process has died', async () => {
    let lease: Lease | undefined
    const signal = new AbortController().signal
    const wanted = {
      model: models.get('plain') as Model,
      options: loadOptions({}, undefined),
      keepAliveMs: undefined,
      signal,
    }
    void scheduler.schedule(wanted).then(given => (lease = given))
    await clock.pass(LOAD_MS)
    lease!.runner.dead = true
    lease!.release()
    job({ model: 'plain' })
    await clock.pass(LOAD_MS)
    expect(scheduler.loads).toBe(2)
    expect(events).toEqual(['6000 plain begins', '6000 plain ends'])
  })
})

describe('keep_alive', () => {
  test('unloads an idle model when it runs out, counted from the end of the last request', async () => {
    job({ model: 'alpha', workMs: 5000, keepAliveMs: 10_000 })
    await clock.pass(LOAD_MS + 5000 + 9999)
    expect(resident()).toEqual(['alpha'])
    await clock.pass(1)
    expect(resident()).toEqual([])
  })

  test('stays what it was when a later request names none, and starts anew with it', async () => {
    job({ model: 'alpha', keepAliveMs: 10_000 })
    await clock.pass(LOAD_MS + 9000)
    job({ model: 'alpha' })
    await clock.pass(9999)
    expect(resident()).toEqual(['alpha'])
    await clock.pass(1)
    expect(resident()).toEqual([])
  })

  test('does not run out under a request that works longer', async () => {
    job({ model: 'alpha', keepAliveMs: 10_000 })
    await clock.pass(LOAD_MS + 9000)
    job({ model: 'alpha', workMs: 5000 })
    await clock.pass(4999)
    expect(resident()).toEqual(['alpha'])
    await clock.pass(10_000)
    expect(resident()).toEqual(['alpha'])
    await clock.pass(1)
    expect(resident()).toEqual([])
  })

  test('of 0 does the work and unloads once idle', async () => {
    job({ model: 'alpha', workMs: 1000, keepAliveMs: 0 })
    await clock.pass(LOAD_MS + 999)
    expect(resident()).toEqual(['alpha'])
    await clock.pass(1)
    expect(resident()).toEqual([])
  })

  test('for ever outlasts any clock', async () => {
    job({ model: 'alpha', keepAliveMs: 2 ** 63 / 1e6 })
    await clock.pass(1e12)
    expect(resident()).toEqual(['alpha'])
  })

  test('is ended by an unload request, which waits for the work in progress only to take effect', async () => {
    job({ model: 'alpha', workMs: 5000 })
    await clock.pass(LOAD_MS)
    scheduler.unload(models.get('alpha')!)
    expect(resident()).toEqual(['alpha'])
    await clock.pass(5000)
    expect(resident()).toEqual([])
    expect(events.at(-1)).toBe('8000 alpha ends')
  })
})

describe('the queue', () => {
  test('lets a request whose model is resident pass those that wait for a load', async () => {
    start({ maxLoaded: 1, parallel: 2 })
    job({ name: 'a1', model: 'alpha', workMs: 5000 })
    await clock.pass(LOAD_MS)
    job({ name: 'b', model: 'beta' })
    job({ name: 'a2', model: 'alpha', workMs: 1000 })
    await clock.pass(20_000)
    expect(events).toEqual([
      '3000 a1 begins',
      '3000 a2 begins',
      '4000 a2 ends',
      '8000 a1 ends',
      '11000 b begins',
      '11000 b ends',
    ])
  })

  test('holds back everything behind a load, also what would only need a free place', async () => {
    start({ maxLoaded: 2 })
    job({ model: 'alpha' })
    job({ model: 'beta' })
    await clock.pass(LOAD_MS)
    expect(events).toEqual(['3000 alpha begins', '3000 alpha ends'])
    await clock.pass(LOAD_MS)
    expect(events.slice(2)).toEqual(['6000 beta begins', '6000 beta ends'])
  })

  test('puts a request for the model that is being loaded behind the others', async () => {
    job({ name: 'a1', model: 'alpha' })
    job({ name: 'b', model: 'beta' })
    job({ name: 'a2', model: 'alpha' })
    await clock.pass(4 * LOAD_MS)
    expect(events.filter(event => event.endsWith('begins'))).toEqual([
      '3000 a1 begins',
      '6000 b begins',
      '9000 a2 begins',
    ])
    expect(scheduler.loads).toBe(3)
  })

  test('waits with an eviction until the model is idle', async () => {
    job({ model: 'alpha', workMs: 7000 })
    await clock.pass(LOAD_MS)
    job({ model: 'beta' })
    await clock.pass(6999)
    expect(resident()).toEqual(['alpha'])
    await clock.pass(1 + LOAD_MS)
    expect(resident()).toEqual(['beta'])
    expect(events.at(-1)).toBe('13000 beta ends')
  })

  test('is stalled by a keep_alive that comes for the model it is about to evict', async () => {
    job({ name: 'a1', model: 'alpha', workMs: 5000 })
    await clock.pass(LOAD_MS)
    job({ name: 'b', model: 'beta' })
    await clock.pass(1000)
    job({ name: 'a2', model: 'alpha', workMs: 100, keepAliveMs: 20_000 })
    await clock.pass(60_000)
    // a2 ends at 8100; alpha then stays idle for 20 s before it makes room, and beta's load takes 3 s.
    expect(events.slice(-3)).toEqual(['8100 a2 ends', '31100 b begins', '31100 b ends'])
  })

  test('is not stalled by a late request that names no keep_alive', async () => {
    job({ name: 'a1', model: 'alpha', workMs: 5000 })
    await clock.pass(LOAD_MS)
    job({ name: 'b', model: 'beta' })
    job({ name: 'a2', model: 'alpha', workMs: 100 })
    await clock.pass(60_000)
    expect(events.slice(-3)).toEqual(['8100 a2 ends', '11100 b begins', '11100 b ends'])
  })

  test('refuses one request more than may wait, with the text of a 503', async () => {
    start({ maxQueue: 2 })
    for (let count = 0; count < 4; count++) job({ name: `${count}`, model: 'alpha' })
    await clock.pass(0)
    // The one that loads has left the queue.
    expect(events).toEqual(['0 3 server busy, please try again.  maximum pending requests exceeded'])
    await clock.pass(LOAD_MS)
    expect(events.filter(event => event.endsWith('ends'))).toHaveLength(3)
  })

  test('does not count requests that wait for a slot of a resident model', async () => {
    start({ maxQueue: 1 })
    job({ model: 'alpha' })
    await clock.pass(LOAD_MS)
    for (let count = 0; count < 5; count++) job({ model: 'alpha', workMs: 10 })
    await clock.pass(50)
    expect(events.filter(event => event.endsWith('ends'))).toHaveLength(6)
    expect(scheduler.queued).toBe(0)
  })
})

describe('leaving', () => {
  test('throws the load away, and the next request for the model starts it from the beginning', async () => {
    const leave = job({ name: 'a1', model: 'alpha' })
    job({ name: 'a2', model: 'alpha' })
    await clock.pass(2000)
    leave()
    await clock.pass(LOAD_MS)
    expect(events).toEqual(['2000 a1 left', '5000 a2 begins', '5000 a2 ends'])
    expect(scheduler.loads).toBe(2)
    expect(scheduler.loadsAbandoned).toBe(1)
  })

  test('while queued costs no load', async () => {
    job({ model: 'alpha' })
    const leave = job({ model: 'beta' })
    leave()
    await clock.pass(3 * LOAD_MS)
    expect(resident()).toEqual(['alpha'])
    expect(scheduler.loads).toBe(1)
  })

  test('while waiting for a slot leaves the slot to the others', async () => {
    job({ name: 'a1', model: 'alpha', workMs: 1000 })
    const leave = job({ name: 'a2', model: 'alpha', workMs: 1000 })
    job({ name: 'a3', model: 'alpha', workMs: 1000 })
    await clock.pass(LOAD_MS + 500)
    leave()
    await clock.pass(10_000)
    expect(events).toEqual([
      '3000 a1 begins',
      '3500 a2 left',
      '4000 a1 ends',
      '4000 a3 begins',
      '5000 a3 ends',
    ])
  })

  test('in the middle of the work makes the model idle', async () => {
    const leave = job({ model: 'alpha', workMs: 60_000, keepAliveMs: 0 })
    await clock.pass(LOAD_MS + 1000)
    leave()
    await clock.pass(0)
    expect(resident()).toEqual([])
  })
})

describe('24 short jobs over three models, one resident at a time', () => {
  const names = ['alpha', 'beta', 'gamma']

  test('sent in turns load about once a job', async () => {
    for (let count = 0; count < 24; count++) job({ model: names[count % 3]!, workMs: 300 })
    await clock.pass(120_000)
    expect(events.filter(event => event.endsWith('ends'))).toHaveLength(24)
    expect(scheduler.loads).toBe(24)
  })

  test('sent model by model load three times', async () => {
    for (let count = 0; count < 24; count++) job({ model: names[Math.floor(count / 8)]!, workMs: 300 })
    await clock.pass(120_000)
    expect(events.filter(event => event.endsWith('ends'))).toHaveLength(24)
    expect(scheduler.loads).toBe(3)
  })
})
