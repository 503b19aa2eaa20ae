import { startSim } from '@foreman/ollama-sim'
import { Ollama, type Tool } from 'ollama'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Foreman, startForeman } from '../harness/foreman.ts'
import { until } from '../harness/until.ts'

const messages = [{ role: 'user', content: 'hi' }]
const weather: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

describe('the official ollama client, unmodified', () => {
  let foreman: Foreman
  let client: Ollama
  let inFlight: () => number

  beforeEach(async () => {
    const sim = await startSim({ tokensPerSecond: 200 })
    onTestFinished(() => sim.close())
    foreman = await startForeman({ target: sim.url })
    client = new Ollama({ host: foreman.url })
    inFlight = () => sim.inFlight
  })

  test('lists, shows, and sees what is loaded', async () => {
    expect((await client.list()).models.map(({ name }) => name)).toContain('plain:latest')
    expect((await client.show({ model: 'plain' })).details.family).toBe('llama')
    await client.generate({ model: 'plain', prompt: '' })
    expect((await client.ps()).models.map(({ name }) => name)).toEqual(['plain:latest'])
  })

  test('chats, whole and streamed', async () => {
    expect((await client.chat({ model: 'plain', messages })).message.content).toBe('Hello there, friend!')
    let text = ''
    for await (const part of await client.chat({ model: 'plain', messages, stream: true }))
      text += part.message.content
    expect(text).toBe('Hello there, friend!')
  })

  test('generates, whole and streamed', async () => {
    expect((await client.generate({ model: 'plain', prompt: 'hi' })).response).toBe('Hello there, friend!')
    let text = ''
    for await (const part of await client.generate({ model: 'plain', prompt: 'hi', stream: true }))
      text += part.response
    expect(text).toBe('Hello there, friend!')
  })

  test('calls tools, thinks, and answers in a format', async () => {
    const { message } = await client.chat({ model: 'tools', messages, tools: [weather] })
    expect(message.tool_calls?.[0]?.function).toMatchObject({
      name: 'get_weather',
      arguments: { city: 'Paris' },
    })
    const thought = await client.chat({ model: 'think', messages, think: true })
    expect([thought.message.thinking, thought.message.content]).toEqual(['Let me see…', 'The answer is 42'])
    const { message: formatted } = await client.chat({ model: 'json', messages, format: 'json' })
    expect(JSON.parse(formatted.content)).toEqual({ answer: 42 })
  })

  test('embeds', async () => {
    const { embeddings } = await client.embed({ model: 'embed', input: ['hi', 'there'] })
    expect(embeddings).toHaveLength(2)
  })

  test('is told of an unknown model', async () => {
    await expect(client.chat({ model: 'nope', messages })).rejects.toMatchObject({
      status_code: 404,
      message: "model 'nope' not found",
    })
  })

  test('aborts, and the target is free again', async () => {
    const stream = await client.generate({
      model: 'story',
      prompt: 'hi',
      stream: true,
      options: { num_predict: 100_000 },
    })
    const read = async () => {
      for await (const _ of stream) client.abort()
    }
    await expect(read()).rejects.toThrow(/abort/i)
    await until(() => inFlight() === 0, 1_000)
  })
})
