import { OllamaClient } from '@foreman/ollama-client'
import { listJobs } from '@foreman/store/testing'
import os from 'node:os'
import { describe, expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'
import { type Process, startGatewayProcess, startProcess, variablesFor } from '../harness/processes.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

type Headers = Record<string, string>

const variables = {
  FOREMAN_TOKENS: 'ann:a,bulk:b:low',
  FOREMAN_DOORS: 'bulk=127.0.0.1:0',
  FOREMAN_ORIGINS: 'https://chat.example.org',
}
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` })
const password = (token: string): Headers => ({
  authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}`,
})

/** An address of this machine that others may reach. */
const ownAddress = Object.values(os.networkInterfaces())
  .flatMap(each => each ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

const chat = JSON.stringify({ model: 'plain', messages: [{ role: 'user', content: 'hi' }], stream: false })

/** Submits a job. @returns whose it is, or the status of the refusal */
const callerAt = async (url: string, headers: Headers): Promise<string | number> => {
  const { status, body } = await send(url, { path: '/jobs', headers, body: JSON.stringify(hello) })
  return status === 202 ? (JSON.parse(body.toString()) as { caller: string }).caller : status
}

describe('who calls: at the main entrance and at a door, by token and origin', () => {
  const CREDENTIALS: Headers[] = [
    {},
    { authorization: 'Bearer ' },
    bearer('b'),
    bearer('a'),
    password('a'),
    bearer('wrong'),
    password('wrong'),
  ]
  const NOBODY = [401, 401, 'bulk', 'ann', 'ann', 401, 401]
  const BULK = ['bulk', 'bulk', 'bulk', 'ann', 'ann', 401, 401]
  const REFUSED = CREDENTIALS.map(() => 403)

  const rows: [sender: string, headers: Headers, main: (string | number)[], door: (string | number)[]][] = [
    ['a program', {}, NOBODY, BULK],
    ['a program that names the address', { host: '127.0.0.1:8081' }, NOBODY, BULK],
    ['a desktop application', { origin: 'app://obsidian.md' }, NOBODY, BULK],
    ['a page of this machine', { origin: 'http://localhost:3000' }, NOBODY, NOBODY],
    ['a page that may call', { origin: 'https://chat.example.org' }, NOBODY, NOBODY],
    ['an image of a page', { 'sec-fetch-site': 'cross-site' }, NOBODY, NOBODY],
    ['any other page', { origin: 'https://evil.example' }, REFUSED, REFUSED],
    ['a page without an origin', { origin: 'null' }, REFUSED, REFUSED],
    ['a page that has rebound its name', { host: 'evil.example:8081' }, REFUSED, REFUSED],
    [
      'a page that has rebound its name, and posts',
      { host: 'evil.example:8081', origin: 'http://evil.example:8081' },
      REFUSED,
      REFUSED,
    ],
  ]

  test('the table', async () => {
    const { foreman } = await startJobs({ worker: false, variables })
    const askAll = (url: string, headers: Headers) =>
      Promise.all(CREDENTIALS.map(credentials => callerAt(url, { ...headers, ...credentials })))
    for (const [sender, headers, main, door] of rows) {
      expect([sender, await askAll(foreman.url, headers)]).toEqual([sender, main])
      expect([sender, await askAll(foreman.doorOf('bulk'), headers)]).toEqual([sender, door])
    }
  })

  test('when every page may call, a page still needs a token at a door', async () => {
    const open = { ...variables, FOREMAN_ORIGINS: '*' }
    const { foreman } = await startJobs({ worker: false, variables: open })
    const page = { origin: 'https://evil.example' }
    expect(await callerAt(foreman.doorOf('bulk'), page)).toBe(401)
    expect(await callerAt(foreman.doorOf('bulk'), { ...page, ...bearer('a') })).toBe('ann')
  })

  test('a door checks the Host also when the main entrance does not', async () => {
    const everywhere = { ...variables, FOREMAN_ADDR: ':0' }
    const { foreman } = await startJobs({ worker: false, variables: everywhere })
    const rebound = { host: 'evil.example:8081' }
    expect(await callerAt(foreman.url, { ...rebound, ...bearer('a') })).toBe('ann')
    expect(await callerAt(foreman.doorOf('bulk'), rebound)).toBe(403)
  })

  test.each([
    ['https://chat.example.org', 204],
    ['https://evil.example', 403],
  ])('a pre-flight request of %s gets %i at a door', async (origin, status) => {
    const { foreman } = await startJobs({ worker: false, variables })
    const headers = { origin, 'access-control-request-method': 'POST' }
    const door = foreman.doorOf('bulk')
    expect((await send(door, { method: 'OPTIONS', path: '/jobs', headers })).status).toBe(status)
  })
})

test('a program at a door, and one whose address has its token, have jobs and a share of their own', async () => {
  const { foreman } = await startJobs({ variables })
  const door = foreman.doorOf('bulk')
  const addressOfAnn = new URL(foreman.url)
  Object.assign(addressOfAnn, { username: 'any', password: 'a' })
  for (const url of [door, addressOfAnn.href]) {
    await new OllamaClient({ url }).chat({ model: 'plain', messages: [{ role: 'user', content: 'hi' }] })
  }
  const jobs = (await listJobs(foreman.store)).toSorted((a, b) => a.seq - b.seq)
  expect(jobs.map(({ caller, account, state }) => [caller, account, state])).toEqual([
    ['bulk', 'bulk', 'succeeded'],
    ['ann', 'ann', 'succeeded'],
  ])
  const listed = async (url: string, headers: Headers) => {
    const { body } = await send(url, { method: 'GET', path: '/jobs', headers })
    return (JSON.parse(body.toString()) as { jobs: { id: string }[] }).jobs.map(({ id }) => id)
  }
  expect(await listed(door, {})).toEqual([jobs[0]!.id])
  expect(await listed(foreman.url, password('a'))).toEqual([jobs[1]!.id])
})

test('a door is open to its caller as far as its token would be, and the health routes to everybody', async () => {
  const { foreman } = await startJobs({ variables: { ...variables, FOREMAN_MANAGEMENT: 'off' } })
  const door = foreman.doorOf('bulk')
  const ask = async (method: string, path: string, headers: Headers = {}) =>
    (await send(door, { method, path, headers, ...(method === 'GET' ? {} : { body: chat }) })).status
  expect(await ask('POST', '/api/chat')).toBe(200)
  expect(await ask('POST', '/api/chat', { 'x-foreman-priority': 'high' })).toBe(400)
  expect(await ask('DELETE', '/api/delete')).toBe(403)
  expect(await ask('GET', '/api/tags')).toBe(200)
  for (const path of ['/healthz', '/readyz', '/openapi.json']) {
    expect(await ask('GET', path, { origin: 'https://evil.example' })).toBe(200)
  }
})

test('the doors of two gateways on one queue lead to the same caller', async () => {
  const { foreman, submit } = await startJobs({ worker: false, variables })
  const other = await foreman.startGateway()
  const { id } = await submit(hello, bearer('b'))
  const status = async (url: string, headers: Headers = {}) =>
    (await send(url, { method: 'GET', path: `/jobs/${id}`, headers })).status
  expect(await status(foreman.doorOf('bulk'))).toBe(200)
  expect(await status(other.doorOf('bulk'))).toBe(200)
  expect(await status(other.doorOf('bulk'), bearer('a'))).toBe(404)
})

describe('the process of a gateway', () => {
  const TARGET = 'http://127.0.0.1:9'

  /** Waits until the process listens at its door. */
  const doorAt = async (gateway: Process): Promise<string> => {
    const url = () => /"caller":"bulk","url":"([^"]+)"/.exec(gateway.output())?.[1]
    await until(url)
    return url() ?? ''
  }

  test('opens a door for a program without a token, and closes it when it is stopped', async () => {
    const gateway = await startGatewayProcess(variablesFor(TARGET, variables))
    const door = await doorAt(gateway)
    const status = async (url: string) => (await send(url, { method: 'GET', path: '/jobs' })).status
    expect([await status(gateway.url), await status(door)]).toEqual([401, 200])
    expect(gateway.output()).not.toContain('a door beyond loopback')
    gateway.kill('SIGTERM')
    expect(await gateway.ended).toBe(0)
    await expect(status(door)).rejects.toThrow('ECONNREFUSED')
  })

  test.skipIf(!ownAddress)('warns of a door that others can reach', async () => {
    const doors = { ...variables, FOREMAN_DOORS: `bulk=${ownAddress}:0` }
    const gateway = await startGatewayProcess(variablesFor(TARGET, doors))
    expect(gateway.output()).toContain(`"caller":"bulk","address":"${ownAddress}:0"`)
    expect(gateway.output()).toMatch(/"level":40.*a door beyond loopback/)
    const door = await doorAt(gateway)
    expect(await callerAt(door, { host: 'evil.example' })).toBe(403)
    expect((await send(door, { method: 'GET', path: '/jobs' })).status).toBe(200)
  })

  test('does not open a door on every interface, and says so in one line', async () => {
    const everywhere = { ...variables, FOREMAN_DOORS: 'bulk=:8081' }
    const gateway = startProcess('apps/gateway/src/main.ts', variablesFor(TARGET, everywhere))
    expect(await gateway.ended).toBe(2)
    expect(gateway.output()).toMatch(/^FOREMAN_DOORS is "bulk=:8081": it must be .*\n$/)
  })

  test('does not start when the port of a door is taken', async () => {
    const { foreman } = await startJobs({ worker: false, variables })
    const taken = { ...variables, FOREMAN_DOORS: `bulk=${new URL(foreman.doorOf('bulk')).host}` }
    const gateway = startProcess('apps/gateway/src/main.ts', variablesFor(TARGET, taken))
    expect(await gateway.ended).toBe(2)
    expect(gateway.output()).toMatch(/^FOREMAN_DOORS cannot be used: .*EADDRINUSE.*$/m)
  })
})
