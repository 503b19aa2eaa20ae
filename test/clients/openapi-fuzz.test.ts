import type { QueueState } from '@foreman/jobs'
import { startSim } from '@foreman/ollama-sim'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory, type Variables } from '../harness/foreman.ts'
import { startGatewayProcess, startWorkerProcess } from '../harness/processes.ts'
import { pythonEnvironment } from './python/environment.ts'

const run = promisify(execFile)

const { interpreter, missing } = await pythonEnvironment()
if (missing !== undefined) console.warn(`The fuzzer is left out: ${missing}`)

const rules = path.join(import.meta.dirname, 'python/fuzz')

const isSoak = process.env['FOREMAN_SOAK'] === '1'
const effort = isSoak
  ? ['--max-time', '300', '--max-examples', '1000']
  : ['--seed', '1', '--max-examples', '10']
const LONGEST_RUN_MS = isSoak ? 600_000 : 120_000

/** Takes every webhook. */
const startReceiver = async (): Promise<string> => {
  const server = http.createServer((request, response) => {
    request.resume()
    response.writeHead(204).end()
  })
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** @returns what the fuzzer says when it has found something */
const fuzz = async (url: string, args: readonly string[]): Promise<string | undefined> => {
  const tool = path.join(path.dirname(interpreter!), 'schemathesis')
  const config = ['--config-file', path.join(rules, 'schemathesis.toml')]
  const env = {
    PATH: process.env['PATH'],
    PYTHONPATH: rules,
    PYTHONDONTWRITEBYTECODE: '1',
    RECEIVER_URL: await startReceiver(),
  }
  try {
    await run(tool, [...config, 'run', `${url}/openapi.json`, '--no-color', ...effort, ...args], {
      cwd: temporaryDirectory(),
      env,
      maxBuffer: Infinity,
    })
    return undefined
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return `${stdout}${stderr}`
  }
}

/**
 * What the fuzzer pauses, closes or holds as an operator goes on after a second: its other requests would wait for it until they
 * time out.
 */
const letGo = (url: string): void => {
  const post = (what: string) => fetch(`${url}/queue/${what}`, { method: 'POST' })
  const timer = setInterval(() => {
    const released = fetch(`${url}/queue/holds`)
      .then(answer => answer.json() as Promise<QueueState>)
      .then(({ holds }) =>
        Promise.all(holds.map(({ id }) => fetch(`${url}/queue/holds/${id}`, { method: 'DELETE' }))),
      )
    // The gateway that is stopped at the end answers none.
    Promise.all([released, post('resume'), post('open')]).catch(() => undefined)
  }, 1_000)
  onTestFinished(() => clearInterval(timer))
}

const errorsIn = (log: string): string[] => log.split('\n').filter(line => /"level":[56]0/.test(line))

test.skipIf(missing !== undefined).each<[who: string, variables: Variables, args: readonly string[]]>([
  ['everybody', {}, []],
  [
    'one of several callers',
    { FOREMAN_TOKENS: 'ann:secret,bob:other' },
    ['-H', 'Authorization: Bearer secret'],
  ],
])(
  'a fuzzer that reads the document, as %s, gets no answer that the document does not have',
  { timeout: LONGEST_RUN_MS },
  async (who, variables, args) => {
    const sim = await startSim({})
    onTestFinished(() => sim.close())
    const env = {
      FOREMAN_OLLAMA_URL: sim.url,
      FOREMAN_ADDR: '127.0.0.1:0',
      FOREMAN_DB_PATH: path.join(temporaryDirectory(), 'queue.db'),
      FOREMAN_MIN_FREE: '0B',
      FOREMAN_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
      FOREMAN_WEBHOOK_ALLOW: '127.0.0.1',
      ...variables,
    }
    const gateway = await startGatewayProcess(env)
    const worker = startWorkerProcess(env)
    if (who === 'everybody') letGo(gateway.url)
    expect(await fuzz(gateway.url, args)).toBeUndefined()
    for (const each of [gateway, worker]) {
      expect(await Promise.race([each.ended, Promise.resolve('at work')])).toBe('at work')
      expect(errorsIn(each.output())).toEqual([])
    }
  },
)
