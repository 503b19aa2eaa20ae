import { expect, test } from 'vitest'
import { openTempStore } from '../testing/fixtures.ts'
import { sizesByWeights } from './sizes-by-weights.ts'

const nameOf = (model: string) => `registry.ollama.ai/library/${model}:latest`

test('the size of a model is that of its weights where those are known, and else of its name', async () => {
  const store = await openTempStore()
  await store.catalogue.replaceModels([
    { name: nameOf('alpha'), digest: 'one', remote: false },
    { name: nameOf('beta'), digest: 'two', remote: false },
  ])
  await store.catalogue.noteLoading('one', { weights: 'weights of alpha', capabilities: [] })
  const sizes = new Map([
    [nameOf('alpha'), 5],
    [nameOf('beta'), 6],
  ])
  expect(await sizesByWeights(store, sizes)).toEqual(
    new Map([
      ['weights of alpha', 5],
      [nameOf('beta'), 6],
    ]),
  )
})
