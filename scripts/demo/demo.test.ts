import { ForemanClient } from '@foreman/foreman-client'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/harness/foreman.ts'
import { startProcess } from '../../test/harness/processes.ts'

const waiting = { timeout: 25_000, interval: 50 }

const start = async (args: string[], variables: Record<string, string> = {}, cwd = temporaryDirectory()) => {
  const TMPDIR = temporaryDirectory()
  const demo = startProcess('scripts/demo/main.ts', { TMPDIR, ...variables }, args, cwd)
  await expect.poll(() => demo.output(), waiting).toContain('callers are at work')
  const [, url] = /the page: (\S+)\/dashboard/.exec(demo.output())!
  const [, token] = /its token, as an operator: (\S+)/.exec(demo.output())!
  return { demo, TMPDIR, url: url!, token: token!, operator: new ForemanClient({ url: url!, token: token! }) }
}

test('five callers need clearly fewer loads than in the order of arrival, and nothing of it is left', async () => {
  const { demo, TMPDIR, operator } = await start(['--speed', '20'])
  const snapshot = () => operator.queue.snapshot({ fields: ['hour', 'callers'] })
  await expect.poll(async () => (await snapshot()).hour.loads_in_arrival_order, waiting).toBeGreaterThan(30)
  const { hour, callers } = await snapshot()
  expect(hour.loads).toBeLessThan(hour.loads_in_arrival_order / 2)
  expect(hour.failed).toBe(0)
  expect(callers.map(({ caller }) => caller)).toEqual(
    expect.arrayContaining(['archive', 'chat', 'code-agent', 'research-agent', 'tickets']),
  )

  expect(fs.readdirSync(TMPDIR)).toHaveLength(1)
  demo.kill('SIGTERM')
  expect(await demo.ended).toBe(0)
  expect(fs.readdirSync(TMPDIR)).toEqual([])
})

test('a queue and an Ollama that the environment or .env names stay as they are', async () => {
  const directory = temporaryDirectory()
  const queue = path.join(directory, 'real.db')
  fs.writeFileSync(queue, 'a queue')
  const real = {
    FOREMAN_DB_PATH: queue,
    FOREMAN_OLLAMA_URL: 'http://127.0.0.1:9',
    FOREMAN_TOKEN: 'of the real one',
  }
  const lines = Object.entries({ ...real, FOREMAN_ADDR: ':8080' }).map(
    ([name, value]) => `${name}=${value}\n`,
  )
  fs.writeFileSync(path.join(directory, '.env'), lines.join(''))
  const { url, token } = await start([], real, directory)
  const { models } = await new ForemanClient({ url, token }).tags()
  expect(models.map(({ name }) => name)).toContain('qwen3:8b')
  const headers = { authorization: `Bearer ${real.FOREMAN_TOKEN}` }
  expect((await fetch(`${url}/queue`, { headers })).status).toBe(401)
  expect(fs.readFileSync(queue, 'utf8')).toBe('a queue')
  expect(fs.readdirSync(directory).toSorted()).toEqual(['.env', 'real.db'])
})
