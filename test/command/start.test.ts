import { gatewaySettings } from '@foreman/gateway/settings'
import { startSim } from '@foreman/ollama-sim'
import { describeSettings } from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import { workerSettings } from '@foreman/worker/settings'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../harness/foreman.ts'
import { startProcess } from '../harness/processes.ts'

const tables = { ...workerSettings, ...gatewaySettings }
const waiting = { timeout: 15_000, interval: 20 }

const start = (args: string[]) => {
  const FOREMAN_DB_PATH = path.join(temporaryDirectory(), 'queue.db')
  return startProcess('apps/cli/src/main.ts', { FOREMAN_DB_PATH, FOREMAN_MIN_FREE: '0' }, ['start', ...args])
}

const startOnSim = async (...args: string[]) => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const started = start(['--ollama-url', sim.url, '--addr', '127.0.0.1:0', ...args])
  await expect.poll(() => started.output(), waiting).toMatch(/^curl .*'$/m)
  return { started, sim }
}

/** What the curl line on the screen asks for, asked. */
const request = (output: string, token: string) => {
  const [, url, body] = /^curl -N (\S+) .*-d '(.*)'$/m.exec(output) ?? []
  return fetch(url!, { method: 'POST', body: body!, headers: { authorization: `Bearer ${token}` } })
}

const pidsOf = (output: string, app: string): number[] =>
  [...output.matchAll(new RegExp(`"pid":(\\d+).*"foreman ${app}"`, 'g'))].map(([, pid]) => Number(pid))

test('prints its pid and its target, and the curl line that it prints streams an answer', async () => {
  const { started, sim } = await startOnSim('--token', 'hush')
  const lines = started.output().split('\n')
  expect(lines[0]).toBe(`foreman: pid ${started.pid}`)
  expect(lines[1]).toBe(`foreman: target: ${sim.url}, as configured`)
  expect(lines[2]).toBe('foreman: callers need a token, as FOREMAN_TOKEN is set')
  expect(lines.filter(line => line.startsWith('foreman: '))[3]).toMatch(
    /^foreman: listening on http:\/\/127.0.0.1:\d+, try:/,
  )

  expect((await request(started.output(), 'wrong')).status).toBe(401)
  const answer = await request(started.output(), 'hush')
  expect(answer.headers.get('x-foreman-job-id')).toMatch(/^job_/)
  expect((await answer.text()).trim().split('\n').at(-1)).toContain('"done":true')
  expect(started.output()).not.toContain('hush')
})

test('says where the dashboard is, unless there is none', async () => {
  const { started } = await startOnSim()
  await expect
    .poll(() => started.output(), waiting)
    .toMatch(/^foreman: the dashboard is at http:\/\/127.0.0.1:\d+\/dashboard\/$/m)
  expect(started.output()).toMatch(/"dashboard":"http:\/\/127.0.0.1:\d+\/dashboard\/"/)
  const { started: without } = await startOnSim('--dashboard', 'off')
  expect(without.output()).not.toContain('dashboard')
})

test('says whose the doors are, and they keep their ports when the gateway is started again', async () => {
  const { started } = await startOnSim('--tokens', 'ann:hush', '--doors', 'ann=127.0.0.1:0')
  const [, host] =
    /^foreman: (\S+) is the door of ann: callers need no token there$/m.exec(started.output()) ?? []
  const status = () => fetch(`http://${host}/jobs`).then(answer => answer.status)
  expect(await status()).toBe(200)
  process.kill(pidsOf(started.output(), 'gateway')[0]!, 'SIGKILL')
  await expect.poll(() => pidsOf(started.output(), 'gateway').length, waiting).toBe(2)
  await expect.poll(() => status().catch(() => 0), waiting).toBe(200)
})

test('an operator alone is asked for, too, and the curl line names that token', async () => {
  const { started } = await startOnSim('--operator-token', 'hush')
  expect(started.output()).toContain('\nforeman: callers need a token, as FOREMAN_OPERATOR_TOKEN is set\n')
  expect(started.output()).toContain(' -H "Authorization: Bearer $FOREMAN_OPERATOR_TOKEN" ')
  expect((await request(started.output(), 'hush')).status).toBe(200)
})

test('says that callers need no token', async () => {
  const { started } = await startOnSim()
  expect(started.output()).toContain('\nforeman: callers need no token, as FOREMAN_TOKEN is not set\n')
})

test('a killed worker is started again, and SIGTERM ends gateway and worker', async () => {
  const { started } = await startOnSim()
  await expect.poll(() => pidsOf(started.output(), 'worker').length, waiting).toBe(1)
  process.kill(pidsOf(started.output(), 'worker')[0]!, 'SIGKILL')
  await expect.poll(() => pidsOf(started.output(), 'worker').length, waiting).toBe(2)
  expect(await (await request(started.output(), '')).text()).toContain('"done":true')

  started.kill('SIGTERM')
  expect(await started.ended).toBe(0)
  for (const app of ['gateway', 'worker']) {
    const pid = pidsOf(started.output(), app).at(-1)!
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  }
})

test('nobody reading the log any more costs the log and nothing else', async () => {
  const { started } = await startOnSim('--log-level', 'trace')
  const output = started.output()
  started.stopReading()
  for (let n = 0; n < 3; n++) expect(await (await request(output, '')).text()).toContain('"done":true')
  for (const app of ['gateway', 'worker']) expect(process.kill(pidsOf(output, app)[0]!, 0)).toBe(true)
  started.kill('SIGTERM')
  expect(await started.ended).toBe(0)
})

test('a bad setting stops the start in one line', async () => {
  const started = start(['--max-wait', '10'])
  expect(await started.ended).toBe(2)
  expect(started.output()).toMatch(/^--max-wait is "10": it must be a duration .*\n$/)
})

test('one token for two callers stops the start in one line that does not show it', async () => {
  const started = start(['--token', 'hush', '--tokens', 'ann:hush'])
  expect(await started.ended).toBe(2)
  expect(started.output()).toMatch(/^FOREMAN_TOKENS gives ann the token in FOREMAN_TOKEN: .*\n$/)
  expect(started.output()).not.toContain('hush')
})

test('a webhook secret that is no base64 stops the start in one line that does not show it', async () => {
  const started = start(['--webhook-secret', 'whsec_a2V5I'])
  expect(await started.ended).toBe(2)
  expect(started.output()).toMatch(/^--webhook-secret is a secret that cannot be used: .*\n$/)
})

test('a queue file that cannot be used stops all processes, with the message of the child', async () => {
  const started = start([
    '--ollama-url=http://127.0.0.1:9',
    '--addr=127.0.0.1:0',
    '--db-path',
    temporaryDirectory(),
  ])
  expect(await started.ended).toBe(2)
  expect(started.output()).not.toContain('starting it again')
})

test('--help lists the flags of both processes', async () => {
  const started = start(['--help'])
  expect(await started.ended).toBe(0)
  for (const { flag, env } of describeSettings(tables)) {
    expect(started.output()).toContain(`${flag} `)
    expect(started.output()).toContain(env)
  }
})

test('a setting that both processes have is the same in both', () => {
  const rows = (table: typeof gatewaySettings | typeof workerSettings) =>
    new Map(describeSettings(table).map(row => [row.key, row]))
  const worker = rows(workerSettings)
  for (const [key, row] of rows(gatewaySettings)) expect(worker.get(key) ?? row).toEqual(row)
  const inBoth = [...rows(gatewaySettings).keys()].filter(key => worker.has(key))
  expect(inBoth).toEqual(Object.keys(sharedSettings))
})

test('compose.yaml passes on every setting', () => {
  const compose = readFileSync(path.join(import.meta.dirname, '../../compose.yaml'), 'utf8')
  const passed = [...compose.matchAll(/^ +(FOREMAN_\w+):/gm)].map(([, name]) => name)
  expect(new Set(passed)).toEqual(new Set(describeSettings(tables).map(({ env }) => env)))
})
