import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** In place of the real one: notes each call, takes a moment, and leaves the pinned Node behind. */
const npx = `#!/bin/sh
echo "$$" >> installs
sleep "$(cat seconds)"
[ ! -e broken ] || exit 7
mkdir -p node_modules/node/bin
ln -sf "${process.execPath}" node_modules/node/bin/node`

let checkout: string
const started: ChildProcess[] = []

beforeEach(() => {
  checkout = fs.mkdtempSync(path.join(tmpdir(), 'foreman-setup-'))
  fs.mkdirSync(path.join(checkout, 'scripts'))
  fs.mkdirSync(path.join(checkout, 'bin'))
  for (const file of ['run.sh', 'setup.mjs']) {
    fs.copyFileSync(new URL(file, import.meta.url), path.join(checkout, 'scripts', file))
  }
  fs.writeFileSync(path.join(checkout, 'bin/npx'), npx, { mode: 0o755 })
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json']) write(file, '{}')
  write('hello.mjs', `console.log('hello from', process.argv[2])`)
  write('seconds', '0.3')
})

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const pid of installs()) {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It ended as it should.
    }
  }
  fs.rmSync(checkout, { recursive: true })
})

const write = (file: string, text: string) => fs.writeFileSync(path.join(checkout, file), text)
const exists = (file: string) => fs.existsSync(path.join(checkout, file))

const installs = (): number[] =>
  exists('installs')
    ? fs.readFileSync(path.join(checkout, 'installs'), 'utf8').trim().split('\n').map(Number)
    : []

const run = (name: string) => {
  const child = spawn('sh', [path.join(checkout, 'scripts/run.sh'), 'hello.mjs', name], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, PATH: `${checkout}/bin:${path.dirname(process.execPath)}:${process.env['PATH']}` },
  })
  started.push(child)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  return { child, closed: once(child, 'close').then(([code]) => ({ code: code as number | null, output })) }
}

const installing = () => expect.poll(() => installs().length, { timeout: 10_000, interval: 5 }).toBe(1)

test('two commands that start at the same moment install once, and both run', async () => {
  const ends = await Promise.all([run('a').closed, run('b').closed])
  expect(ends).toEqual([
    { code: 0, output: 'hello from a\n' },
    { code: 0, output: 'hello from b\n' },
  ])
  expect(installs()).toHaveLength(1)
  expect(exists('.installing')).toBe(false)
})

test('nothing is installed again until the lockfile changes', async () => {
  await run('a').closed
  await run('b').closed
  expect(installs()).toHaveLength(1)
  write('pnpm-lock.yaml', '{ "changed": true }')
  expect(await run('c').closed).toEqual({ code: 0, output: 'hello from c\n' })
  expect(installs()).toHaveLength(2)
})

test('a command whose installation fails exits with its code, and the next command tries again', async () => {
  write('broken', '')
  expect(await run('a').closed).toEqual({ code: 7, output: '' })
  expect(exists('.installing')).toBe(false)
  fs.rmSync(path.join(checkout, 'broken'))
  expect(await run('b').closed).toEqual({ code: 0, output: 'hello from b\n' })
})

test('SIGTERM ends a running installation and every process that it started', async () => {
  write('seconds', '60')
  const { child, closed } = run('a')
  await installing()
  child.kill('SIGTERM')
  expect(await closed).toEqual({ code: 143, output: '' })
  await expect.poll(() => isRunning(installs()[0]!), { timeout: 10_000, interval: 5 }).toBe(false)
  expect(exists('.installing')).toBe(false)
})

test('after an installer was killed, the next command waits for what is still running and then installs', async () => {
  write('seconds', '1')
  const { child, closed } = run('a')
  await installing()
  await expect.poll(() => pidsInLock().length, { timeout: 10_000, interval: 5 }).toBe(2)
  process.kill(pidsInLock()[0]!, 'SIGKILL')
  child.kill('SIGKILL')
  await closed
  const leftAt = performance.now()
  expect(await run('b').closed).toEqual({ code: 0, output: 'hello from b\n' })
  expect(performance.now() - leftAt).toBeGreaterThan(500)
  expect(installs()).toHaveLength(2)
})

test('an old lock does not block, even if another process has its process id today', async () => {
  fs.mkdirSync(path.join(checkout, '.installing'))
  write('.installing/pids', `${process.pid}\n`)
  const longAgo = new Date(Date.now() - 11 * 60_000)
  fs.utimesSync(path.join(checkout, '.installing'), longAgo, longAgo)
  expect(await run('a').closed).toEqual({ code: 0, output: 'hello from a\n' })
})

const pidsInLock = (): number[] =>
  fs.readFileSync(path.join(checkout, '.installing/pids'), 'utf8').trim().split('\n').map(Number)

/** A process that has ended is there as a zombie until somebody takes note, which in a container may be nobody. */
const isZombie = (pid: number): boolean =>
  fs.existsSync(`/proc/${pid}/stat`) && fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0) && !isZombie(pid)
  } catch {
    return false
  }
}

test('packages are judged by the Node that they run on, and not by the one that installs them', () => {
  const read = (name: string) => fs.readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } }
  expect(read('pnpm-workspace.yaml')).toContain(`\nnodeVersion: ${devDependencies.node}\n`)
})
