import { startSim } from '@foreman/ollama-sim'
import OpenAI, { toFile } from 'openai'
import { expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { until } from '../harness/until.ts'

const start = async (tokensPerSecond?: number) => {
  const sim = await startSim(tokensPerSecond === undefined ? {} : { tokensPerSecond })
  onTestFinished(() => sim.close())
  const { url } = await startForeman({ target: sim.url })
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: 'ollama', maxRetries: 0 })
}

const lineOf = (name: string, more: object = {}): string => {
  const body = { model: 'plain', messages: [{ role: 'user', content: name }], ...more }
  return `${JSON.stringify({ custom_id: name, method: 'POST', url: '/v1/chat/completions', body })}\n`
}

const upload = async (client: OpenAI, lines: string) => {
  const file = await toFile(Buffer.from(lines), 'requests.jsonl')
  return client.files.create({ file, purpose: 'batch' })
}

const create = async (client: OpenAI, lines: string) => {
  const { id } = await upload(client, lines)
  const endpoint = '/v1/chat/completions'
  return client.batches.create({ input_file_id: id, endpoint, completion_window: '24h' })
}

const linesOf = async (client: OpenAI, id: string | undefined) => {
  const text = await (await client.files.content(id!)).text()
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { custom_id: string; response: { body: OpenAI.ChatCompletion } | null })
}

test('openai uploads a file, makes a batch of it, polls, and downloads what came of it', async () => {
  const client = await start()
  const made = await create(client, lineOf('a') + lineOf('b') + lineOf('bad', { stream: true }))
  const batchOf = () => client.batches.retrieve(made.id)
  await until(async () => (await batchOf()).status === 'completed')
  const { request_counts, output_file_id, error_file_id } = await batchOf()
  expect(request_counts).toEqual({ total: 3, completed: 2, failed: 1 })
  const answers = await linesOf(client, output_file_id)
  expect(answers.map(({ custom_id }) => custom_id)).toEqual(['a', 'b'])
  expect(answers[0]!.response!.body.choices[0]!.message.content).not.toBe('')
  const errors = await linesOf(client, error_file_id)
  expect(errors.map(({ custom_id, response }) => [custom_id, response])).toEqual([['bad', null]])
})

test('openai cancels a batch in the middle', async () => {
  const client = await start(0.2)
  const { id } = await create(client, lineOf('a') + lineOf('b'))
  expect(['cancelling', 'cancelled']).toContain((await client.batches.cancel(id)).status)
  await until(async () => (await client.batches.retrieve(id)).status === 'cancelled')
})

test('openai lists files and batches page by page, and deletes a file', async () => {
  const client = await start(0.2)
  const files: string[] = []
  const batches: string[] = []
  for (const name of ['a', 'b', 'c']) {
    const batch = await create(client, lineOf(name))
    batches.unshift(batch.id)
    files.unshift(batch.input_file_id)
  }
  expect((await Array.fromAsync(client.batches.list({ limit: 2 }))).map(({ id }) => id)).toEqual(batches)
  expect((await Array.fromAsync(client.files.list({ limit: 2 }))).map(({ id }) => id)).toEqual(files)
  expect((await client.files.delete(files[0]!)).deleted).toBe(true)
  await expect(client.files.retrieve(files[0]!)).rejects.toThrow(OpenAI.NotFoundError)
})

test('openai is told that files are for batches only', async () => {
  const client = await start()
  const file = await toFile(Buffer.from('x'), 'a.txt')
  const wrong = client.files.create({ file, purpose: 'user_data' })
  await expect(wrong).rejects.toThrow(/files are for batches only/)
})
