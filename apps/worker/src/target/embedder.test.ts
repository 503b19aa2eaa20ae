import { OllamaClient } from '@foreman/ollama-client'
import { startSim, type SimOptions } from '@foreman/ollama-sim'
import { expect, onTestFinished, test } from 'vitest'
import { openTempStore, silent, soon } from '../testing/fixtures.ts'
import { Embedder } from './embedder.ts'

const setUp = async (options: SimOptions, model: string | undefined = 'embed') => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  const store = await openTempStore()
  const client = new OllamaClient({ url: sim.url })
  const embedder = new Embedder({ client, store, logger: silent, model, now: Date.now })
  const load = (name: string) => client.load(name)
  const doesNotFit = async () => (await store.target.read()).embedderDoesNotFit
  return { sim, embedder, load, doesNotFit }
}

test('the model is due when it is not in memory, whatever name the target gives it', async () => {
  const { embedder } = await setUp({})
  expect(embedder.isDue).toBe(false)
  embedder.observe(['alpha:latest'])
  expect(embedder.isDue).toBe(true)
  embedder.observe(['alpha:latest', 'embed:latest'])
  expect(embedder.isDue).toBe(false)
})

test('no model is due when none is configured', async () => {
  const embedder = new Embedder({
    client: new OllamaClient({ url: 'http://127.0.0.1:9' }),
    store: await openTempStore(),
    logger: silent,
    model: undefined,
    now: Date.now,
  })
  embedder.observe([])
  expect(embedder.isDue).toBe(false)
})

test('the model is loaded beside the one that runs jobs when both fit', async () => {
  const { sim, embedder, load, doesNotFit } = await setUp({ maxLoaded: 2 })
  await load('alpha')
  embedder.observe(['alpha:latest'])
  await embedder.pin()
  expect(sim.resident().toSorted()).toEqual(['alpha', 'embed'])
  expect(embedder.isDue).toBe(false)
  expect(await doesNotFit()).toBe(false)
})

test('a model that evicts another is unloaded, and not due again until the target returns', async () => {
  const { sim, embedder, load, doesNotFit } = await setUp({ maxLoaded: 1 })
  await load('alpha')
  embedder.observe(['alpha:latest'])
  await embedder.pin()
  expect(sim.resident()).toEqual([])
  await expect.poll(doesNotFit, soon).toBe(true)
  embedder.observe([])
  expect(embedder.isDue).toBe(false)
  embedder.reset()
  expect(embedder.isDue).toBe(true)
  await expect.poll(doesNotFit, soon).toBe(false)
})

test('a model that cannot be loaded is due again after the next poll', async () => {
  const { sim, embedder, doesNotFit } = await setUp({})
  sim.fault({ kind: 'status', path: '/api/embed', status: 500, error: 'no memory', count: 1 })
  embedder.observe([])
  await embedder.pin()
  expect(sim.resident()).toEqual([])
  expect(embedder.isDue).toBe(false)
  expect(await doesNotFit()).toBe(false)
  embedder.observe([])
  expect(embedder.isDue).toBe(true)
})
