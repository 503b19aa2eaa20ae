import { canonicalModelName } from '@foreman/ollama-client'
import { expect, test } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { factsOfModel, type ModelPlace } from './model-place.ts'

/** A catalogue with two models, and a target that refuses whatever a test says. */
const trial = async ({ refuses = false } = {}) => {
  const store = await tempStore()
  await store.catalogue.replaceModels([
    { name: canonicalModelName('here')!, digest: '1', remote: false },
    { name: canonicalModelName('there')!, digest: '2', remote: true },
  ])
  const asked: string[] = []
  const refusesModel = async (model: string) => {
    asked.push(model)
    return refuses
  }
  return { asked, options: { store, target: { refusesModel } } }
}

test.each<[model: string, place: ModelPlace]>([
  ['here', 'local'],
  ['library/HERE:latest', 'local'],
  ['there', 'remote'],
  ['anything:cloud', 'remote'],
  ['anything:7b-cloud', 'remote'],
])('the place of %s is known without asking the target: %s', async (model, place) => {
  const { asked, options } = await trial({ refuses: true })
  expect((await factsOfModel(model, options)).place).toBe(place)
  expect(asked).toEqual([])
})

test.each<[refuses: boolean, place: ModelPlace]>([
  [true, 'refused'],
  [false, 'local'],
])('the target is asked about a model that is not in the catalogue (refused: %s)', async (refuses, place) => {
  const { asked, options } = await trial({ refuses })
  expect((await factsOfModel('new', options)).place).toBe(place)
  expect(asked).toEqual(['new'])
})

test('the target is asked about a name that cannot be in the catalogue', async () => {
  const { asked, options } = await trial({ refuses: true })
  expect((await factsOfModel('a b', options)).place).toBe('refused')
  expect(asked).toEqual(['a b'])
})

test('what a model can do is what the target said last; without an answer it is not known', async () => {
  const { options } = await trial()
  const { catalogue } = options.store
  const capabilities = async () => (await factsOfModel('here', options)).capabilities
  expect(await capabilities()).toEqual([])
  await catalogue.noteLoading('1', { capabilities: ['completion', 'tools'] })
  expect(await capabilities()).toEqual(['completion', 'tools'])
  await catalogue.noteLoading('1', { capabilities: 'tools' })
  expect(await capabilities()).toEqual([])
})
