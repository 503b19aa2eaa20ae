import { expect, test } from 'vitest'
import { tempStore } from './testing/temp-store.ts'

const model = (name: string) => ({ name, digest: `digest of ${name}`, remote: false })

test('the models are those of the last list', () => {
  const { catalogue } = tempStore().store
  expect(catalogue.model('a')).toBeUndefined()
  catalogue.replaceModels([model('a'), model('b')])
  catalogue.replaceModels([{ ...model('b'), remote: true }, model('c')])
  expect(['a', 'b', 'c'].map(name => catalogue.model(name)?.remote)).toEqual([undefined, true, false])
  expect(catalogue.model('c')).toEqual({ ...model('c'), loading: null })
  catalogue.replaceModels([])
  expect(catalogue.model('c')).toBeUndefined()
})

test('a list that cannot be stored leaves the one before', () => {
  const { catalogue } = tempStore().store
  catalogue.replaceModels([model('a')])
  expect(() => catalogue.replaceModels([model('b'), model('b')])).toThrow(/UNIQUE/)
  expect(catalogue.model('a')).toEqual({ ...model('a'), loading: null })
})

test('a snapshot is kept byte for byte until the next one replaces it', () => {
  const { catalogue } = tempStore().store
  expect(catalogue.snapshot('/api/tags')).toBeUndefined()
  const first = {
    headers: [
      ['A', 'b'],
      ['a', 'c'],
    ] as const,
    body: Buffer.from([0, 255]),
    polledAt: 1,
  }
  catalogue.keepSnapshot('/api/tags', first)
  expect(catalogue.snapshot('/api/tags')).toEqual(first)
  expect(catalogue.snapshot('/api/version')).toBeUndefined()
  const second = { headers: [], body: Buffer.alloc(0), polledAt: 2 }
  catalogue.keepSnapshot('/api/tags', second)
  expect(catalogue.snapshot('/api/tags')).toEqual(second)
})

test('what is known of how a manifest loads is kept under all its names until the manifest changes', () => {
  const { catalogue } = tempStore().store
  catalogue.replaceModels([model('a'), { ...model('a'), name: 'b' }, model('c')])
  catalogue.noteLoading('digest of a', { weights: 'w', capabilities: [] })
  expect(catalogue.unasked().map(({ name }) => name)).toEqual(['c'])
  catalogue.replaceModels([{ ...model('a'), name: 'd' }, model('c')])
  expect(catalogue.model('d')?.loading).toEqual({ weights: 'w', capabilities: [] })
  catalogue.replaceModels([{ ...model('a'), digest: 'another' }])
  expect(catalogue.model('a')?.loading).toBeNull()
})

test('a model is asked about again when what it can do is forgotten, and how it loads stays known', () => {
  const { catalogue } = tempStore().store
  catalogue.replaceModels([model('a'), model('b')])
  catalogue.noteLoading('digest of a', { weights: 'w', capabilities: ['tools'] })
  catalogue.forgetCapabilities()
  expect(catalogue.unasked().map(({ name }) => name)).toEqual(['a', 'b'])
  expect(catalogue.model('a')?.loading).toEqual({ weights: 'w' })
  expect(catalogue.model('b')?.loading).toBeNull()
})
