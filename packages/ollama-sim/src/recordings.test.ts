import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSim, type Sim } from './index.ts'
import { ask } from './testing/ask.ts'

const FOLDER = new URL('../../../test/recordings/ollama-0.24.0/', import.meta.url)

interface Recording {
  name: string
  request: { method: string; path: string; headers: Record<string, string>; body?: string }
  response: { status: number; headers: [string, string][]; chunks: { text?: string; base64?: string }[] }
}

const recordings = fs
  .readdirSync(FOLDER)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(fs.readFileSync(new URL(name, FOLDER), 'utf8')) as Recording)

/** Recordings that the simulation does not repeat, and why. */
const LEFT_OUT: [names: RegExp, reason: string][] = [
  [/^(copy|create|delete|blob|pull|push)(-|$)/, 'model management is not simulated'],
]

const unload = ['plain', 'embed', 'alpha', 'beta', 'gamma'].map(model => ({ model, keep_alive: 0 }))

/** What differs from run to run, or from one weights file to another of the same words. */
const mask = (text: string): string =>
  text
    .replaceAll(/"(created_at|modified_at|expires_at)":"[^"]*Z"/g, '"$1":"TIME"')
    .replaceAll(/"(\w+_duration)":\d+/g, '"$1":1')
    .replaceAll(/"(created|created_at|completed_at)":\d+/g, '"$1":1')
    .replaceAll(/"(chatcmpl|cmpl|resp|msg|req)([-_])[0-9a-f]+"/g, '"$1$2ID"')
    .replaceAll(/call_[a-z0-9]{8}/g, 'call_ID')
    .replaceAll(/sha256-[0-9a-f]{64}/g, 'sha256-DIGEST')
    .replaceAll(/"digest":"[0-9a-f]{64}"/g, '"digest":"DIGEST"')
    .replaceAll(/"size":\d+/g, '"size":1')
    // The last bits of a rounding error.
    .replaceAll(/"logprob":-2\.\d+e-15/g, '"logprob":0')

/** Masked, and in one order where Ollama has none: it lists the models of one second as they come. */
const comparable = (chunk: string): string => {
  const masked = mask(chunk)
  if (!masked.startsWith('{"object":"list","data":[{"id"')) return masked
  const { data, ...rest } = JSON.parse(masked) as { data: { id: string }[] }
  return JSON.stringify({ ...rest, data: data.toSorted((a, b) => a.id.localeCompare(b.id)) })
}

/** Length and date of a body that differs from run to run. */
const headersOf = ({ headers }: { headers: [name: string, value: string][] }, masked: boolean) =>
  headers
    .filter(([name]) => name !== 'Date')
    .map(([name, value]) => (masked && name === 'Content-Length' ? `${name}: LENGTH` : `${name}: ${value}`))
    .toSorted()

describe('the recordings of Ollama 0.24.0', () => {
  let sim: Sim
  beforeAll(async () => {
    sim = await startSim({ maxLoaded: 1 })
  })
  afterAll(() => sim.close())

  for (const recording of recordings) {
    const { name, request, response } = recording
    if (LEFT_OUT.some(([names]) => names.test(name))) continue
    test(`${name} is answered as recorded`, async () => {
      if (name === 'ps-one') {
        const body = JSON.stringify({ model: 'plain', prompt: '', keep_alive: '10m' })
        await ask(sim, { method: 'POST', path: '/api/generate', body })
      } else if (name.startsWith('ps-')) {
        for (const body of unload) {
          await ask(sim, { method: 'POST', path: '/api/generate', body: JSON.stringify(body) })
        }
      }
      const answer = await ask(sim, request)
      const wanted = response.chunks.map(({ text }) => text!)
      const masked = wanted.join('') !== mask(wanted.join(''))
      expect(answer.status).toBe(response.status)
      expect(headersOf(answer, masked)).toEqual(headersOf(response, masked))
      expect(answer.chunks.map(comparable)).toEqual(wanted.map(comparable))
    })
  }
})
