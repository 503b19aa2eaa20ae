import { describe, expect, test } from 'vitest'
import type { Engine } from './engine.ts'

const model = (name: string) => ({ name, digest: `digest of ${name}`, remote: false })

export const catalogueContract = (engine: Engine): void => {
  const create = async () => (await engine.create()).store.catalogue

  describe('the catalogue', () => {
    test('has the models of the last list', async () => {
      const catalogue = await create()
      expect(await catalogue.model('a')).toBeUndefined()
      await catalogue.replaceModels([model('a'), model('b')])
      await catalogue.replaceModels([{ ...model('b'), remote: true }, model('c')])
      const known = await Promise.all(['a', 'b', 'c'].map(name => catalogue.model(name)))
      expect(known.map(row => row?.remote)).toEqual([undefined, true, false])
      expect(await catalogue.model('c')).toEqual({ ...model('c'), loading: null })
      await catalogue.replaceModels([])
      expect(await catalogue.model('c')).toBeUndefined()
    })

    test('is listed by name, as much of it as is asked for', async () => {
      const { store, openReader } = await engine.create()
      expect(await store.catalogue.list(2)).toEqual([])
      await store.catalogue.replaceModels(['c', 'a', 'b'].map(model))
      const listed = ['a', 'b'].map(name => ({ ...model(name), loading: null }))
      expect(await store.catalogue.list(2)).toEqual(listed)
      expect(await (await openReader()).catalogue.list(2)).toEqual(listed)
    })

    test('keeps the list before one that cannot be stored', async () => {
      const catalogue = await create()
      await catalogue.replaceModels([model('a')])
      await expect(catalogue.replaceModels([model('b'), model('b')])).rejects.toBeInstanceOf(Error)
      expect(await catalogue.model('a')).toEqual({ ...model('a'), loading: null })
      expect(await catalogue.model('b')).toBeUndefined()
    })

    test('keeps a snapshot byte for byte until the next one replaces it', async () => {
      const catalogue = await create()
      expect(await catalogue.snapshot('/api/tags')).toBeUndefined()
      const headers = [
        ['A', 'b'],
        ['a', 'c'],
      ] as const
      const first = { headers, body: Buffer.from([0, 255]), polledAt: 1 }
      await catalogue.keepSnapshot('/api/tags', first)
      expect(await catalogue.snapshot('/api/tags')).toEqual(first)
      expect(await catalogue.snapshot('/api/version')).toBeUndefined()
      const second = { headers: [], body: Buffer.alloc(0), polledAt: 2 }
      await catalogue.keepSnapshot('/api/tags', second)
      expect(await catalogue.snapshot('/api/tags')).toEqual(second)
    })

    test('keeps how a manifest loads under all its names, until the manifest changes', async () => {
      const catalogue = await create()
      await catalogue.replaceModels([model('a'), { ...model('a'), name: 'b' }, model('c')])
      await catalogue.noteLoading('digest of a', { weights: 'w', capabilities: [] })
      expect((await catalogue.unasked()).map(({ name }) => name)).toEqual(['c'])
      await catalogue.replaceModels([{ ...model('a'), name: 'd' }, model('c')])
      expect((await catalogue.model('d'))?.loading).toEqual({ weights: 'w', capabilities: [] })
      await catalogue.replaceModels([{ ...model('a'), digest: 'another' }])
      expect((await catalogue.model('a'))?.loading).toBeNull()
    })

    test('asks about a model again when what it can do is forgotten, and knows how it loads', async () => {
      const catalogue = await create()
      await catalogue.replaceModels([model('a'), model('b')])
      await catalogue.noteLoading('digest of a', { weights: 'w', capabilities: ['tools'] })
      await catalogue.forgetCapabilities()
      expect((await catalogue.unasked()).map(({ name }) => name).toSorted()).toEqual(['a', 'b'])
      expect((await catalogue.model('a'))?.loading).toEqual({ weights: 'w' })
      expect((await catalogue.model('b'))?.loading).toBeNull()
    })
  })
}
