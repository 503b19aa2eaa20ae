import { expect, test } from 'vitest'
import { bodyOf, recording } from '../testing/recording.ts'
import { modelfileParameters, modelfileWeights } from './modelfile.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

test.each([
  ['0.24.0', '7acc8c42c406fe5d09917db9862044d38637d077df3ee3d9b4f2d8fa087ae4f0'],
  ['0.33.0', 'ffa5aadc5ad235e959c290acf32b7fa3db6dc155bc973a660f1d281e3253a7d3'],
] as const)('%s: the weights are read from a recorded Modelfile', (version, weights) => {
  const show = JSON.parse(bodyOf(recording('show', version)).toString()) as { modelfile: string }
  expect(modelfileWeights(show.modelfile)).toBe(weights)
})

test('digests of adapters and projectors count, and lines of a template or licence do not', () => {
  const modelfile = [
    '# FROM plain:latest',
    `FROM /models/blobs/sha256-${A}`,
    `ADAPTER /models/blobs/sha256-${B}`,
    `LICENSE """\nFROM /x/sha256-${B}\n"""`,
  ].join('\n')
  expect(modelfileWeights(modelfile)).toBe(`${A}+${B}`)
})

test('there are no weights in a Modelfile that names no blob', () => {
  expect(modelfileWeights('FROM llama3:latest\nSYSTEM hi')).toBeUndefined()
})

test('the text of each parameter becomes a value', () => {
  expect(
    modelfileParameters(
      'num_ctx                        512\nuse_mmap    true\ntemperature 0.5\nstop  "<|a|>"\nstop  "<|b|>"',
    ),
  ).toEqual({ num_ctx: 512, use_mmap: true, temperature: 0.5, stop: '<|b|>' })
  expect(modelfileParameters('stop   <end of turn>')).toEqual({ stop: '<end of turn>' })
  expect(modelfileParameters('')).toEqual({})
})
