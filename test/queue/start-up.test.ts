import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from '../harness/foreman.ts'
import { type Process, startProcess } from '../harness/processes.ts'

const apps = ['gateway', 'worker'] as const
type App = (typeof apps)[number]

const start = (app: App, dbPath: string, more: Record<string, string> = {}): Process =>
  startProcess(`apps/${app}/src/main.ts`, {
    FOREMAN_OLLAMA_URL: 'http://127.0.0.1:9',
    FOREMAN_ADDR: '127.0.0.1:0',
    FOREMAN_DB_PATH: dbPath,
    ...more,
  })

const newPath = () => path.join(temporaryDirectory(), 'queue.db')

/** Refused with one line that says why, no stack trace, and the code for "starting again would not help". */
const expectRefusal = async (started: Process, why: RegExp) => {
  expect(await started.ended).toBe(2)
  const lines = started
    .output()
    .trim()
    .split('\n')
    .filter(line => !line.startsWith('{'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(why)
}

describe.each(apps)('the %s refuses to start', app => {
  test('without a target', async () => {
    await expectRefusal(start(app, newPath(), { FOREMAN_OLLAMA_URL: '' }), /FOREMAN_OLLAMA_URL/)
  })

  test('with a setting that makes no sense, naming it, its value and what is allowed', async () => {
    await expectRefusal(start(app, newPath(), { FOREMAN_JOB_TTL: 'soon' }), /FOREMAN_JOB_TTL is "soon".*30s/)
  })

  test('on a file that is no database, and leaves it as it is', async () => {
    const file = newPath()
    fs.writeFileSync(file, 'garbage'.repeat(1000))
    await expectRefusal(start(app, file), /not a database/)
    expect(fs.readFileSync(file, 'utf8')).toBe('garbage'.repeat(1000))
  })

  test("on somebody else's database", async () => {
    const file = newPath()
    const db = new Database(file)
    db.exec('CREATE TABLE diary (entry TEXT)')
    db.close()
    await expectRefusal(start(app, file), /not one of foreman/)
  })

  test('on a file that needs newer code', async () => {
    const file = newPath()
    const first = start(app, file)
    await expect.poll(() => first.output(), { timeout: 10_000 }).toMatch(/listening|at work/)
    first.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    const db = new Database(file)
    db.pragma('user_version = 99')
    db.close()
    await expectRefusal(start(app, file), /newer foreman/)
  })

  test('in a directory that is not there', async () => {
    await expectRefusal(start(app, '/nowhere/queue.db'), /\/nowhere\/queue\.db/)
  })
})

test('the worker refuses a damaged file', async () => {
  const file = newPath()
  const gateway = start('gateway', file)
  await expect.poll(() => gateway.output(), { timeout: 10_000 }).toContain('listening')
  gateway.kill('SIGTERM')
  expect(await gateway.ended).toBe(0)
  const bytes = fs.readFileSync(file)
  bytes.fill(0xff, 4096 * 3, 4096 * 8)
  fs.writeFileSync(file, bytes)
  await expectRefusal(start('worker', file), /damaged|malformed/)
})

test('the gateway refuses an address that is taken', async () => {
  const first = start('gateway', newPath())
  await expect.poll(() => first.output(), { timeout: 10_000 }).toContain('listening')
  const port = /127\.0\.0\.1:(\d+)/.exec(/"url":"([^"]+)"/.exec(first.output())?.[1] ?? '')?.[1]
  await expectRefusal(
    start('gateway', newPath(), { FOREMAN_ADDR: `127.0.0.1:${port}` }),
    /FOREMAN_ADDR.*EADDRINUSE/,
  )
})

test('a process that is started names its pid on its first line, and warns when anybody may use it', async () => {
  const gateway = start('gateway', newPath(), { FOREMAN_ADDR: ':0' })
  await expect.poll(() => gateway.output(), { timeout: 10_000 }).toContain('listening')
  expect(gateway.output().split('\n')[0]).toContain(`"pid":${gateway.pid}`)
  expect(gateway.output()).toContain('without FOREMAN_TOKEN')
})

test('--help lists each flag with its variable', async () => {
  const help = startProcess('apps/gateway/src/main.ts', { FOREMAN_DB_PATH: newPath() }, ['--help'])
  expect(await help.ended).toBe(0)
  expect(help.output()).toMatch(/--max-body.*FOREMAN_MAX_BODY/)
})
