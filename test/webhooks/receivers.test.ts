import { sign } from '@foreman/webhooks'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { read } from '../harness/documents.ts'
import { temporaryDirectory } from '../harness/foreman.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

/** How the receivers of docs/webhooks.md are run. */
const runtimes = {
  ts: { file: 'receiver.ts', probe: [process.execPath, '--version'], run: [process.execPath] },
  python: { file: 'receiver.py', probe: ['python3', '--version'], run: ['python3'] },
  go: { file: 'main.go', probe: ['go', 'version'], run: ['go', 'run'] },
} as const

const START_MS = 60_000
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const BODY = JSON.stringify({
  type: 'job.succeeded',
  data: { job: { id: 'job_1', state: 'succeeded', text: '\u00e9' } },
})

const isThere = ([command, ...args]: readonly [string, ...string[]]) => spawnSync(command, args).status === 0

const freePort = async (): Promise<number> => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The program in a process group of its own: `go run` starts another one. */
const endGroup = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit')
  if (child.pid !== undefined && child.exitCode === null) {
    process.kill(-child.pid, 'SIGKILL')
    await ended
  }
}

/** Another process can take the port before the receiver does. */
const TRIES = 3

const startReceiver = async (language: keyof typeof runtimes, secret: string): Promise<string> => {
  for (let tries = 0; tries < TRIES; tries++) {
    const url = await tryToStart(language, secret)
    if (url !== undefined) return url
  }
  throw new Error(`the receiver in ${language} ends at once`)
}

/** @returns undefined when it has ended */
const tryToStart = async (language: keyof typeof runtimes, secret: string): Promise<string | undefined> => {
  const [, code = ''] = read('docs/webhooks.md').split(`\n\`\`\`${language}\n`)
  const { file, run } = runtimes[language]
  const directory = temporaryDirectory()
  fs.writeFileSync(path.join(directory, file), code.split('\n```', 1)[0] ?? '')
  const port = await freePort()
  const [command, ...args] = run
  const child = spawn(command, [...args, file], {
    cwd: directory,
    detached: true,
    env: {
      ...process.env,
      PORT: String(port),
      WEBHOOK_SECRET: secret,
      GOFLAGS: '-mod=mod',
      GO111MODULE: 'off',
    },
    stdio: 'ignore',
  })
  onTestFinished(() => endGroup(child))
  const url = `http://127.0.0.1:${port}`
  // It refuses what is not signed. Whoever answers anything else is another server.
  const refuses = () =>
    send(url, { path: '/', body: '{}' }).then(
      ({ status }) => status === 401,
      () => false,
    )
  await until(async () => child.exitCode !== null || (await refuses()), START_MS)
  return child.exitCode === null ? url : undefined
}

const now = () => Math.floor(Date.now() / 1000)

/** What a receiver answers to a message that is signed so, and then changed. */
const deliver = async (
  url: string,
  signing: Partial<Parameters<typeof sign>[0]>,
  sent = BODY,
): Promise<number> => {
  const headers = sign({ secrets: [SECRET], id: 'msg_1', timestamp: now(), body: BODY, ...signing })
  return (await send(url, { path: '/', headers: { ...headers }, body: sent })).status
}

describe.each(Object.keys(runtimes) as (keyof typeof runtimes)[])('the receiver in %s', language => {
  const { probe } = runtimes[language]
  const isMissing = !isThere(probe)

  test.skipIf(isMissing)('takes what is signed, and nothing else', { timeout: 2 * START_MS }, async () => {
    const url = await startReceiver(language, SECRET)
    expect(await deliver(url, {})).toBe(204)
    expect(await deliver(url, { secrets: ['another', SECRET] })).toBe(204)
    expect(await deliver(url, { secrets: ['another'] })).toBe(401)
    expect(await deliver(url, { timestamp: now() - 301 })).toBe(401)
    expect(await deliver(url, { timestamp: now() + 301 })).toBe(401)
    expect(await deliver(url, {}, BODY.replace('job_1', 'job_2'))).toBe(401)
    expect((await send(url, { path: '/', body: BODY })).status).toBe(401)
  })

  test.skipIf(isMissing)('takes a secret that is any text', { timeout: 2 * START_MS }, async () => {
    const url = await startReceiver(language, 's\u00e9cret')
    expect(await deliver(url, { secrets: ['s\u00e9cret'] })).toBe(204)
  })
})
