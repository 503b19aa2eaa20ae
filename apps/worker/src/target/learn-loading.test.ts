import { OllamaClient } from '@foreman/ollama-client'
import { startSim } from '@foreman/ollama-sim'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openTempStore, silent } from '../testing/fixtures.ts'
import { LoadingLearner } from './learn-loading.ts'

const name = (short: string): string => `registry.ollama.ai/library/${short}:latest`

const setUp = async (models: readonly { short: string; digest: string; remote?: boolean }[]) => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const store = await openTempStore()
  await store.catalogue.replaceModels(
    models.map(({ short, digest, remote = false }) => ({ name: name(short), digest, remote })),
  )
  const onModel = vi.fn<(name: string) => Promise<void>>(() => Promise.resolve())
  const stop = new AbortController()
  const client = new OllamaClient({ url: sim.url })
  const learner = new LoadingLearner({ client, store, logger: silent, stopped: stop.signal, onModel })
  const shown = () => sim.requests.filter(({ path }) => path === '/api/show').length
  return { sim, store, learner, onModel, stop, shown }
}

test('each manifest is asked about once, and every name of it is reported', async () => {
  const { store, learner, onModel, shown } = await setUp([
    { short: 'plain', digest: 'one' },
    { short: 'think', digest: 'one' },
    { short: 'alpha', digest: 'two' },
  ])
  await learner.learn()
  await learner.learn()
  expect(shown()).toBe(2)
  expect(onModel.mock.calls.flat().toSorted()).toEqual(['alpha', 'plain', 'think'].map(name))
  expect((await store.catalogue.model(name('think')))?.loading).toHaveProperty('weights')
})

test('what a model can do is learnt, and asked again once it is forgotten', async () => {
  const { store, learner, shown } = await setUp([{ short: 'tools', digest: 'one' }])
  await learner.learn()
  const loadingOf = async () => (await store.catalogue.model(name('tools')))?.loading
  const loading = await loadingOf()
  expect(loading).toMatchObject({ capabilities: ['completion', 'tools'] })
  await store.catalogue.forgetCapabilities()
  expect(await loadingOf()).toEqual({ ...loading, capabilities: undefined })
  await learner.learn()
  expect(await loadingOf()).toEqual(loading)
  expect(shown()).toBe(2)
})

test('remote models and models without a digest are not asked about', async () => {
  const { learner, shown } = await setUp([
    { short: 'alpha', digest: 'one', remote: true },
    { short: 'beta', digest: '' },
  ])
  await learner.learn()
  expect(shown()).toBe(0)
})

test('a model that could not be asked about is asked about again, and holds up no other', async () => {
  const { sim, store, learner, onModel } = await setUp([
    { short: 'alpha', digest: 'one' },
    { short: 'beta', digest: 'two' },
  ])
  sim.fault({ kind: 'status', path: '/api/show', status: 500, count: 1 })
  await learner.learn()
  expect(onModel).toHaveBeenCalledTimes(1)
  await learner.learn()
  expect(await store.catalogue.unasked()).toEqual([])
})

test('models that could not be read are asked about the next time', async () => {
  const { store, learner, shown } = await setUp([{ short: 'alpha', digest: 'one' }])
  vi.spyOn(store.catalogue, 'unasked').mockRejectedValueOnce(new Error('disk I/O error'))
  await learner.learn()
  expect(shown()).toBe(0)
  await learner.learn()
  expect(shown()).toBe(1)
})

test('a call while another is still asking does nothing', async () => {
  const { learner, shown } = await setUp([{ short: 'alpha', digest: 'one' }])
  await Promise.all([learner.learn(), learner.learn()])
  expect(shown()).toBe(1)
})

test('nothing is asked any more once the worker stops', async () => {
  const { learner, stop, onModel } = await setUp([{ short: 'alpha', digest: 'one' }])
  stop.abort()
  await learner.learn()
  expect(onModel).not.toHaveBeenCalled()
})
