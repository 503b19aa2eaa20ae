import { describe, expect, test } from 'vitest'
import { groupKeyOf, loadOptionsOf, loadSignature, type LoadRequest, weightsOf } from './load-signature.ts'

const withOptions = (options: Record<string, unknown>): LoadRequest => ({ model: 'm', options })
const plain: LoadRequest = { model: 'm' }

test('the signature contains everything that a load depends on, as far as the request or the Modelfile says it', () => {
  expect(loadSignature(plain)).toBe('registry.ollama.ai/library/m:latest')
  expect(
    loadSignature({
      model: 'm',
      weights: 'aa+bb',
      options: {
        num_ctx: 8192,
        num_batch: 256,
        num_gpu: 20,
        main_gpu: 0,
        use_mmap: false,
        num_thread: 6,
        draft_num_predict: 0,
      },
      shift: false,
    }),
  ).toBe(
    'aa+bb|num_ctx=8192|num_batch=256|num_gpu=20|main_gpu=0|use_mmap=false|num_thread=6|draft_num_predict=0|shift=false',
  )
})

describe('Ollama does not load the model again for', () => {
  test.each<[what: string, a: LoadRequest, b: LoadRequest]>([
    ['another spelling of the name', { model: 'M' }, { model: ' library/m:latest ' }],
    ['a source suffix', { model: 'm:local' }, plain],
    ['another name of the same weights', { model: 'a', weights: 'w' }, { model: 'b', weights: 'w' }],
    [
      'sampling options',
      withOptions({ temperature: 1, seed: 1, top_k: 1, stop: ['x'], num_predict: 9 }),
      plain,
    ],
    ['num_keep', withOptions({ num_keep: 8 }), plain],
    ['unknown options', withOptions({ nope: 1 }), plain],
    ['option names in another case, which are unknown to it', withOptions({ NUM_CTX: 8192 }), plain],
    ['options that are null', withOptions({ num_ctx: null, use_mmap: null }), plain],
    ['values of the wrong type', withOptions({ num_ctx: '8192', use_mmap: 1, num_gpu: true }), plain],
    ['NaN', withOptions({ num_ctx: NaN }), plain],
    ['the fraction of a number', withOptions({ num_ctx: 8192.9 }), withOptions({ num_ctx: 8192 })],
    ['a shift of the wrong type', { model: 'm', shift: 'false' }, plain],
    ['a shift that is null', { model: 'm', shift: null }, plain],
    [
      'an option with the value of the Modelfile',
      { ...withOptions({ num_ctx: 512 }), parameters: { num_ctx: 512 } },
      { model: 'm', parameters: { num_ctx: 512 } },
    ],
    [
      'an option that overrides the Modelfile',
      { ...withOptions({ num_ctx: 512 }), parameters: { num_ctx: 64 } },
      withOptions({ num_ctx: 512 }),
    ],
    [
      'an option of the wrong type, where the Modelfile counts',
      { ...withOptions({ num_ctx: 'x' }), parameters: { num_ctx: 64 } },
      withOptions({ num_ctx: 64 }),
    ],
  ])('%s', (_, a, b) => {
    expect(loadSignature(a)).toBe(loadSignature(b))
  })
})

describe('Ollama may load the model again for', () => {
  test.each<[what: string, a: LoadRequest, b: LoadRequest]>([
    ['another model', { model: 'n' }, plain],
    ['another tag', { model: 'm:8b' }, plain],
    ['other weights with the same name', { model: 'm', weights: 'v' }, { model: 'm', weights: 'w' }],
    ['a context instead of the automatic one', withOptions({ num_ctx: 4096 }), plain],
    ['another context', withOptions({ num_ctx: 4096 }), withOptions({ num_ctx: 8192 })],
    [
      'contexts that are both too long or too short',
      withOptions({ num_ctx: 0 }),
      withOptions({ num_ctx: 1 }),
    ],
    ['another batch', withOptions({ num_batch: 512 }), plain],
    ['a number of layers on the GPU', withOptions({ num_gpu: 0 }), plain],
    ['an automatic number of layers that is written out', withOptions({ num_gpu: -1 }), plain],
    ['a certain GPU', withOptions({ main_gpu: 0 }), plain],
    ['mmap on', withOptions({ use_mmap: true }), plain],
    ['mmap off', withOptions({ use_mmap: false }), withOptions({ use_mmap: true })],
    ['a number of threads', withOptions({ num_thread: 2 }), plain],
    ['the default draft length that is written out', withOptions({ draft_num_predict: 4 }), plain],
    ['no shift', { model: 'm', shift: false }, plain],
    ['a default shift that is written out', { model: 'm', shift: true }, plain],
    ['a Modelfile with a context', { model: 'm', parameters: { num_ctx: 512 } }, plain],
  ])('%s', (_, a, b) => {
    expect(loadSignature(a)).not.toBe(loadSignature(b))
  })
})

test('signatures that may share a runner have the weights in common, or the name', () => {
  expect(weightsOf(loadSignature({ ...withOptions({ num_ctx: 4 }), weights: 'aa+bb' }))).toBe('aa+bb')
  expect(weightsOf(loadSignature({ model: 'm', shift: true }))).toBe(weightsOf(loadSignature(plain)))
  expect(weightsOf(loadSignature({ model: 'a|b' }))).not.toBe(weightsOf(loadSignature({ model: 'a|c' })))
})

test('a name that Ollama would refuse still has a signature', () => {
  expect(loadSignature({ model: ' A B ' })).toBe(loadSignature({ model: 'a b' }))
})

describe('the group key of a stored request', () => {
  const stored = (request: Pick<LoadRequest, 'options' | 'shift'>): string =>
    JSON.stringify(loadOptionsOf(request))

  test('is the load signature of this request', () => {
    const request = { options: { num_ctx: 4096, seed: 1 }, shift: false }
    expect(groupKeyOf({ model: 'm', loadOptions: stored(request) })).toBe(
      loadSignature({ model: 'm', ...request }),
    )
    expect(groupKeyOf({ model: 'm', loadOptions: stored({}) })).toBe(loadSignature(plain))
  })

  test('depends on what the target says about the model', () => {
    const loading = { weights: 'w', parameters: { num_ctx: 512 } }
    expect(groupKeyOf({ model: 'm', loadOptions: '{}', loading })).toBe(
      loadSignature({ model: 'm', ...loading }),
    )
  })

  test('depends only on the name until the target has said something about the model', () => {
    expect(groupKeyOf({ model: 'm', loadOptions: '{}', loading: null })).toBe(loadSignature(plain))
  })
})
