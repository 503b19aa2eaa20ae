import { type Sim, type SimOptions, startSim } from '@foreman/ollama-sim'
import { expect, onTestFinished, test } from 'vitest'
import { type Foreman, startForeman } from '../harness/foreman.ts'
import { post } from '../harness/request.ts'
import { startReasons } from '../harness/start-reasons.ts'
import { until } from '../harness/until.ts'

type Version = NonNullable<SimOptions['version']>

/** What requests for one weights file ask for. Which of them share a runner depends on the version, and on which comes first. */
const WISHES = {
  'no options': {},
  'more context than there is': { options: { num_ctx: 8192 } },
  'all layers on the GPU': { options: { num_gpu: 99 } },
  'no mmap': { options: { use_mmap: false } },
  'no shift': { shift: false },
  'a small context': { options: { num_ctx: 2048 } },
} as const
type Wish = keyof typeof WISHES
const wishes = Object.keys(WISHES) as Wish[]

/** Each of them follows each of them, and itself, once, if the first one comes again at the end: 0 0 1 0 2 1 1 2 2. */
const roundTrip = (all: readonly Wish[]) =>
  all.flatMap((wish, at) => [wish, ...all.slice(at + 1).flatMap(other => [wish, other])])

/** The shortest that counts as a load is 100 ms. */
const LOAD_MS = 120

const simulate = async (version: Version, port = 0): Promise<Sim> => {
  const sim = await startSim({ version, loadMs: LOAD_MS, port })
  onTestFinished(() => sim.close())
  return sim
}

const start = async (sim: Sim): Promise<Foreman> => {
  const foreman = await startForeman({ target: sim.url, variables: { FOREMAN_POLL_INTERVAL: '100ms' } })
  await until(async () => (await foreman.store.catalogue.unasked()).length === 0)
  return foreman
}

type RequestFor = (wish: Wish) => readonly [path: string, body: object]

const native: RequestFor = wish => ['/api/chat', { model: 'plain', ...WISHES[wish] }]

/** What has no options may as well come on a route that has none. Its answers do not tell how long a load took. */
const onV1: RequestFor = wish =>
  wish === 'no options' ? ['/v1/chat/completions', { model: 'unicode' }] : native(wish)

/** Sends one request after the other. @returns after which two of them the target did not do what the worker had expected */
const surprises = async (foreman: Foreman, sim: Sim, walk: readonly Wish[], requestFor = native) => {
  const seen: { readonly pair: string; readonly hasLoaded: boolean }[] = []
  for (const [at, wish] of walk.entries()) {
    const { loads } = sim
    const [path, body] = requestFor(wish)
    const messages = [{ role: 'user', content: 'hi' }]
    const { status } = await post(foreman.url, path, { stream: false, messages, ...body })
    expect(status).toBe(200)
    seen.push({ pair: `${walk[at - 1]}, then ${wish}`, hasLoaded: sim.loads > loads })
  }
  const reasons = startReasons(foreman.dbPath).slice(-seen.length)
  const isResident = (at: number) => reasons[at] === 'resident'
  return {
    loads: seen.filter(({ hasLoaded }, at) => hasLoaded && isResident(at)).map(({ pair }) => pair),
    noLoads: seen.filter(({ hasLoaded }, at) => !hasLoaded && !isResident(at)).map(({ pair }) => pair),
  }
}

const nothing = { loads: [], noLoads: [] }

/** Tries again where there were some: on a busy machine it can be in doubt whether there was a load, and is not learned. */
const surprisesInTheEnd = async (...asked: Parameters<typeof surprises>) => {
  const first = await surprises(...asked)
  return first.noLoads.length === 0 ? first : surprises(...asked)
}

test.each<[Version, Wish]>([
  ['0.24.0', 'no shift'],
  ['0.33.0', 'no mmap'],
])(
  'after each kind of request has followed each other once, the worker knows between which of them %s loads the model',
  async (version, alike) => {
    const sim = await simulate(version)
    const foreman = await start(sim)
    const walk = [...roundTrip(wishes), wishes[0]!]
    const { loads, noLoads } = await surprises(foreman, sim, walk)
    expect(loads).toEqual([])
    expect(noLoads).toContain(`no options, then ${alike}`)
    expect(await surprisesInTheEnd(foreman, sim, walk, onV1)).toEqual(nothing)
  },
)

test('what a worker has learned is known to the next one, and forgotten when the target has another version', async () => {
  const sim = await simulate('0.24.0')
  const foreman = await start(sim)
  const walk = roundTrip(['no options', 'no shift', 'a small context'])
  const { noLoads } = await surprises(foreman, sim, walk)
  expect(noLoads).toContain('no options, then no shift')
  expect(await surprisesInTheEnd(foreman, sim, walk)).toEqual(nothing)
  await foreman.stopWorker()
  foreman.startWorker()
  expect(await surprises(foreman, sim, walk)).toEqual(nothing)
  await sim.close()
  const newer = await simulate('0.33.0', sim.port)
  await until(() => newer.requests.filter(({ path }) => path === '/api/tags').length > 1)
  expect(await surprises(foreman, newer, walk)).toEqual(nothing)
})
