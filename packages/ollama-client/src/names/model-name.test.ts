import { describe, expect, test } from 'vitest'
import { canonicalModelName, displayModelName, isCloudModel, parseModelName } from './model-name.ts'

const LONG = 'a'.repeat(80)

describe('valid names', () => {
  test.each<[text: string, canonical: string, display: string]>([
    ['llama3', 'registry.ollama.ai/library/llama3:latest', 'llama3:latest'],
    ['llama3:latest', 'registry.ollama.ai/library/llama3:latest', 'llama3:latest'],
    ['library/llama3', 'registry.ollama.ai/library/llama3:latest', 'llama3:latest'],
    ['registry.ollama.ai/library/llama3:latest', 'registry.ollama.ai/library/llama3:latest', 'llama3:latest'],
    [
      'https://registry.ollama.ai/library/llama3',
      'registry.ollama.ai/library/llama3:latest',
      'llama3:latest',
    ],
    ['  llama3\n', 'registry.ollama.ai/library/llama3:latest', 'llama3:latest'],
    ['LLaMa3:8B', 'registry.ollama.ai/library/llama3:8b', 'LLaMa3:8B'],
    ['Registry.Ollama.AI/Library/x', 'registry.ollama.ai/library/x:latest', 'x:latest'],
    ['me/x:q4_K_M', 'registry.ollama.ai/me/x:q4_k_m', 'me/x:q4_K_M'],
    ['host:5000/me/x', 'host:5000/me/x:latest', 'host:5000/me/x:latest'],
    ['host:5000/me/x:v1.5', 'host:5000/me/x:v1.5', 'host:5000/me/x:v1.5'],
    ['hf.co/library/x', 'hf.co/library/x:latest', 'hf.co/library/x:latest'],
    ['_x.y-z:1', 'registry.ollama.ai/library/_x.y-z:1', '_x.y-z:1'],
    [`${LONG}:${LONG}`, `registry.ollama.ai/library/${LONG}:${LONG}`, `${LONG}:${LONG}`],
    [`${'h'.repeat(350)}/n/m`, `${'h'.repeat(350)}/n/m:latest`, `${'h'.repeat(350)}/n/m:latest`],
    ['gpt-oss:120b-cloud', 'registry.ollama.ai/library/gpt-oss:120b', 'gpt-oss:120b'],
    ['gpt-oss:120b:cloud', 'registry.ollama.ai/library/gpt-oss:120b', 'gpt-oss:120b'],
    ['x:Cloud', 'registry.ollama.ai/library/x:latest', 'x:latest'],
    ['x:LOCAL', 'registry.ollama.ai/library/x:latest', 'x:latest'],
    ['foo-cloud', 'registry.ollama.ai/library/foo-cloud:latest', 'foo-cloud:latest'],
    ['host:5000/me/foo-cloud', 'host:5000/me/foo-cloud:latest', 'host:5000/me/foo-cloud:latest'],
  ])('%s', (text, canonical, display) => {
    expect(canonicalModelName(text)).toBe(canonical)
    expect(displayModelName(text)).toBe(display)
  })
})

describe('invalid names', () => {
  test.each([
    '',
    '   ',
    ':',
    ':latest',
    'x:',
    '/x',
    'x/',
    'a b/c',
    'a//b',
    'a/b/c/d',
    '-x',
    '.x',
    'x:-1',
    'name.space/x',
    'x@sha256:0123456789',
    'x\u00e9',
    'http://x',
    `${LONG}a`,
    `x:${LONG}a`,
    `${LONG}a/x`,
    `${'h'.repeat(351)}/n/m`,
    'm:local:cloud',
    'm:cloud:local',
    'm:120b-cloud:cloud',
    'm:-cloud',
    ':cloud',
  ])('%j', text => {
    expect(parseModelName(text)).toBeUndefined()
    expect(canonicalModelName(text)).toBeUndefined()
    expect(displayModelName(text)).toBeUndefined()
    expect(isCloudModel(text)).toBe(false)
  })
})

test('parseModelName keeps the case of a name and removes its source suffix', () => {
  expect(parseModelName('Host:1/Me/X:120B-Cloud')).toEqual({
    host: 'Host:1',
    namespace: 'Me',
    model: 'X',
    tag: '120B',
    source: 'cloud',
  })
})

test.each([
  ['x:cloud', true],
  ['gpt-oss:120b-CLOUD', true],
  ['gpt-oss:120b:cloud', true],
  ['foo-cloud', false],
  ['cloud', false],
  ['x:local', false],
  ['x:cloudy', false],
  ['x', false],
])('%s runs in the cloud: %s', (text, expected) => {
  expect(isCloudModel(text)).toBe(expected)
})
