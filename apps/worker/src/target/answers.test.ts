import { describe, expect, test } from 'vitest'
import { installedModels, shownModel } from './answers.ts'

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const alpha = { name: 'registry.ollama.ai/library/alpha:latest', digest: 'one', remote: false }

describe('a list of models', () => {
  test.each<[what: string, models: unknown]>([
    ['a model without a name', [{ digest: 'two' }]],
    ['a name that is no text', [{ name: 5 }]],
    ['an empty name', [{ name: '' }]],
    ['an entry that is no object', [null, 'beta', ['beta']]],
  ])('is read without %s', (_what, others) => {
    const models = [...(others as unknown[]), { name: 'alpha', digest: 'one' }]
    const nameless = (others as unknown[]).length
    expect(installedModels(bytesOf({ models }))).toEqual({ models: [alpha], sizes: new Map(), nameless })
  })

  test('may have a byte order mark before it', () => {
    const body = Buffer.concat([
      Buffer.from('\ufeff'),
      bytesOf({ models: [{ name: 'alpha', digest: 'one' }] }),
    ])
    expect(installedModels(body)?.models).toEqual([alpha])
  })

  test('has no digest where that is no text', () => {
    expect(installedModels(bytesOf({ models: [{ name: 'alpha', digest: {} }] }))?.models).toEqual([
      { ...alpha, digest: '' },
    ])
  })

  test('has the sizes that are said', () => {
    const models = [
      { name: 'alpha', size: 5 },
      { name: 'beta', size: '6' },
    ]
    expect(installedModels(bytesOf({ models }))?.sizes).toEqual(new Map([[alpha.name, 5]]))
  })

  test.each([{ models: null }, {}, { models: [] }])('may be empty: %j', body => {
    expect(installedModels(bytesOf(body))).toEqual({ models: [], sizes: new Map(), nameless: 0 })
  })

  test.each([null, [], 'text', 5, { models: {} }, { models: 'alpha' }])('is not %j', body => {
    expect(installedModels(bytesOf(body))).toBeUndefined()
  })

  test('is not a body that is no JSON', () => {
    expect(installedModels(Buffer.from('<html>'))).toBeUndefined()
  })
})

describe('a model that is shown', () => {
  test('has only fields of the right type', () => {
    const odd = { modelfile: 5, parameters: {} }
    const texts = { modelfile: '', parameters: '' }
    const nothing = { ...texts, capabilities: [] }
    expect(shownModel(bytesOf(odd))).toEqual(nothing)
    expect(shownModel(bytesOf({ capabilities: ['tools', 5] }))).toEqual(nothing)
  })

  test('is not there in an answer that is no object', () => {
    expect(shownModel(bytesOf([]))).toBeUndefined()
  })
})
