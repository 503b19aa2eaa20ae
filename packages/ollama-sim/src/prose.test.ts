import { afterEach, expect, test } from 'vitest'
import { type Sim, startSim } from './index.ts'
import { ask, linesOf } from './testing/ask.ts'

let sim: Sim
afterEach(() => sim.close())

const prose = (prompt: string) => ({
  thought: 'A greeting.',
  text: prompt.includes('Hello') ? 'Good morning, and welcome.' : 'Who is it?',
})

const start = async () => {
  sim = await startSim({
    proseModels: [
      { name: 'talker:8b', size: 5_000_000_000, canThink: true, prose },
      { name: 'quiet', size: 1_000_000_000, prose },
    ],
  })
}

interface Line {
  readonly message: { readonly content: string; readonly thinking?: string }
  readonly eval_count?: number
}

const chat = async (fields: object) => {
  const body = { model: 'talker:8b', messages: [{ role: 'user', content: 'Hello' }], ...fields }
  return linesOf(await ask(sim, { path: '/api/chat', body })) as unknown as Line[]
}

test('a model of its own answers a prompt in prose, word by word, after its thought', async () => {
  await start()
  const lines = await chat({})
  expect(lines.map(({ message }) => message.thinking ?? '').join('')).toBe('A greeting.')
  expect(lines.map(({ message }) => message.content)).toEqual([
    '',
    '',
    'Good',
    ' morning,',
    ' and',
    ' welcome.',
    '',
  ])
})

test('it thinks nothing where it is not asked to or cannot, and stops where it is told', async () => {
  await start()
  const said = async (fields: object) => (await chat({ stream: false, ...fields }))[0]!
  expect((await said({ think: false })).message).toEqual({
    role: 'assistant',
    content: 'Good morning, and welcome.',
  })
  expect((await said({ model: 'quiet' })).message).not.toHaveProperty('thinking')
  expect((await said({ think: false, options: { stop: [' and'] } })).message.content).toBe('Good morning,')
  expect(await said({ think: false, options: { num_predict: 1 } })).toMatchObject({
    message: { content: 'Good' },
    eval_count: 1,
  })
})

test('it is listed with its tag and its size, and takes more memory than that', async () => {
  await start()
  await chat({})
  const list = async (path: string) =>
    (
      JSON.parse((await ask(sim, { method: 'GET', path })).text) as {
        models: { name: string; size: number }[]
      }
    ).models
  const talker = (await list('/api/tags')).find(({ name }) => name === 'talker:8b')
  expect(talker?.size).toBeGreaterThan(5_000_000_000)
  expect(await list('/api/ps')).toMatchObject([{ name: 'talker:8b', size: 5_750_000_000 }])
})
