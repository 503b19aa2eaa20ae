import { expect, test } from 'vitest'
import { openTempStore } from '../testing/fixtures.ts'
import { ModelSizes } from './model-sizes.ts'

const nameOf = (model: string) => `registry.ollama.ai/library/${model}:latest`

test('sizes are those of the last list, by weights where those are known and else by name', async () => {
  const store = await openTempStore()
  const { catalogue } = store
  const sizes = new ModelSizes(store)
  await catalogue.replaceModels([
    { name: nameOf('alpha'), digest: 'one', remote: false },
    { name: nameOf('beta'), digest: 'two', remote: false },
  ])
  await catalogue.noteLoading('one', { weights: 'weights of alpha', capabilities: [] })
  await sizes.observe(
    new Map([
      [nameOf('alpha'), 5],
      [nameOf('beta'), 6],
    ]),
  )
  expect(
    ['weights of alpha', nameOf('beta'), nameOf('gamma')].map(weights => sizes.bytesOf(weights)),
  ).toEqual([5, 6, undefined])
  await sizes.observe(new Map([[nameOf('beta'), 7]]))
  expect(['weights of alpha', nameOf('beta')].map(weights => sizes.bytesOf(weights))).toEqual([undefined, 7])
})
