import { startSim } from '@foreman/ollama-sim'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import type { Client, Connected } from './client.ts'
import { anthropic } from './drivers/anthropic.ts'
import { plainFetch } from './drivers/fetch.ts'
import { ollama } from './drivers/ollama.ts'
import { openaiChat } from './drivers/openai.ts'
import { failureOf } from './expectations.ts'
import { pythonEnvironment } from './python/environment.ts'
import { pythonClient } from './python/process.ts'

const WAIT_MS = 330_000
/** Node's own, for headers. */
const LIMIT_MS = 300_000

const slowTarget = async () => {
  const sim = await startSim({ loadMs: WAIT_MS })
  onTestFinished(() => sim.close())
  return sim.url
}

const clients = async (): Promise<Client[]> => {
  const { interpreter, missing } = await pythonEnvironment()
  if (interpreter === undefined) {
    console.warn(`The clients in Python are left out: ${missing}`)
    return [ollama, plainFetch, openaiChat, anthropic]
  }
  const inPython = ['ollama', 'openai'].map(library =>
    pythonClient(`Python ${library}`, interpreter, `${library}_client`),
  )
  onTestFinished(() => void Promise.all(inPython.map(client => client.stop())))
  return [ollama, plainFetch, openaiChat, anthropic, ...inPython]
}

/** What a client reads, streamed and not. */
const answersTo = async (client: Connected): Promise<string[]> => {
  const { whole, pieces } = client as Required<Connected>
  const question = { model: 'plain' }
  const streamed = Array.fromAsync(pieces(question)).then(read => read.join(''))
  return Promise.all([whole(question), streamed])
}

describe.runIf(process.env['FOREMAN_SOAK'] === '1')(
  'with the limits and heartbeats that everyone has',
  () => {
    test(
      `a wait of ${WAIT_MS / 1_000} s ends in an answer; without foreman it does not`,
      { timeout: 2 * WAIT_MS },
      async () => {
        const foreman = await startForeman({ target: await slowTarget() })
        const beganAt = performance.now()
        const everyone = await clients()
        const failedWithout = failureOf(answersTo(plainFetch.connect(await slowTarget())))
        const answers = await Promise.all(
          everyone.map(async client => [client.name, ...(await answersTo(client.connect(foreman.url)))]),
        )
        const words = 'Hello there, friend!'
        expect(answers).toEqual(everyone.map(({ name }) => [name, words, words]))
        expect(performance.now() - beganAt).toBeGreaterThan(LIMIT_MS)
        expect(await failedWithout).toMatchObject({ cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } })
      },
    )
  },
)
