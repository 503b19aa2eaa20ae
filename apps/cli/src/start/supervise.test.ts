import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nextDelayMs } from './child-process.ts'
import { supervise, type SuperviseOptions, type Supervisor } from './supervise.ts'

const backOff = { firstMs: 50, longestMs: 100, resetAfterMs: 10_000 }
const moduleUrl = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)

/** Writes what happens to it into a file; ends with a given code at once, or when asked to stop after a given time. */
const standIn = `
  import { appendFileSync } from 'node:fs'
  import { onStopRequest, runMain } from ${moduleUrl('../../../../packages/process/src/index.ts')}
  const [file, name, code, stopMs, works] = process.argv.slice(2)
  const note = what => appendFileSync(file, what + ' ' + name + ' ' + process.pid + '\\n')
  note('started')
  if (works === 'true') {
    await runMain(() => note('worked'))
    // Until the parent has been told.
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  if (code !== 'none') process.exit(Number(code))
  setInterval(() => {}, 1000)
  onStopRequest(process, reason => { note(reason); setTimeout(() => { note('gone'); process.exit() }, Number(stopMs)) })
  note('ready')`

let directory: string
let file: string
let supervisor: Supervisor | undefined
const said: string[] = []

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'foreman-supervise-'))
  file = path.join(directory, 'events')
  writeFileSync(file, '')
  writeFileSync(path.join(directory, 'stand-in.mjs'), standIn)
  said.length = 0
})

afterEach(() => {
  supervisor?.kill()
  supervisor = undefined
  for (const { pid } of events()) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone, as it should be.
    }
  }
  rmSync(directory, { recursive: true })
})

const events = () => {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map(line => {
    const [what, name, pid] = line.split(' ')
    return { what: `${what} ${name}`, pid: Number(pid) }
  })
}

const happened = () => events().map(({ what }) => what)
const until = (...expected: string[]) =>
  expect.poll(happened, { timeout: 10_000, interval: 10 }).toEqual(expect.arrayContaining(expected))
const times = (what: string) => happened().filter(each => each === what).length

const child = (
  name: string,
  {
    code = 'none',
    stopMs = 0,
    works = false,
  }: { code?: string | number; stopMs?: number; works?: boolean } = {},
) => {
  const args = [path.join(directory, 'stand-in.mjs'), file, name, String(code), String(stopMs), String(works)]
  return { name, args, env: process.env }
}

const start = (...children: SuperviseOptions['children']): Supervisor => {
  supervisor = supervise({ children, log: line => said.push(line), backOff })
  return supervisor
}

test('a killed child is started again, and the other child is not touched', async () => {
  start(child('a'), child('b'))
  await until('ready a', 'ready b')
  process.kill(events().find(({ what }) => what === 'ready a')!.pid, 'SIGKILL')
  await expect.poll(() => times('ready a'), { timeout: 10_000 }).toBe(2)
  expect(times('started b')).toBe(1)
  expect(said).toEqual(['a died (SIGKILL), starting it again in 0.05 s'])
})

test('the waits grow when a child dies again and again', async () => {
  start(child('a', { code: 1 }))
  await expect.poll(() => said.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3)
  expect(said.slice(0, 3).map(line => line.replace(/.*in /, ''))).toEqual(['0.05 s', '0.1 s', '0.1 s'])
  expect(said[0]).toContain('exit code 1')
})

test('a child that ends by itself without an error is started again', async () => {
  start(child('a', { code: 0 }))
  await expect.poll(() => times('started a'), { timeout: 10_000 }).toBeGreaterThanOrEqual(2)
})

test('bad configuration of one child stops all of them with exit code 2', async () => {
  const { finished } = start(child('a'), child('b', { code: 2 }))
  expect(await finished).toBe(2)
  expect(times('started b')).toBe(1)
  // Whatever `a` was doing when it was told, it does no more.
  expect(events().filter(({ pid }) => isRunning(pid))).toEqual([])
  expect(said).toEqual([])
})

test('a child that was at work is started again whatever its exit code', async () => {
  start(child('a', { code: 2, works: true }), child('b'))
  await expect.poll(() => times('worked a'), { timeout: 10_000 }).toBeGreaterThanOrEqual(2)
  expect(said[0]).toBe('a died (exit code 2), starting it again in 0.05 s')
  expect(times('started b')).toBe(1)
})

test('stopping ends one child after the other: each is asked when the one before it is gone', async () => {
  const { stop, finished } = start(child('a', { stopMs: 200 }), child('b'))
  await until('ready a', 'ready b')
  stop()
  stop()
  expect(await finished).toBe(0)
  expect(happened().slice(-4)).toEqual(['SIGTERM a', 'gone a', 'SIGTERM b', 'gone b'])
  expect(said).toEqual([])
})

test('a child that waits to be started again stays down when the supervisor stops', async () => {
  const { stop, finished } = start(child('a', { code: 1 }))
  await expect.poll(() => said.length, { timeout: 10_000, interval: 1 }).toBe(1)
  stop()
  expect(await finished).toBe(0)
  expect(times('started a')).toBe(1)
})

test('a child that cannot be spawned is tried again', async () => {
  const { execPath } = process
  try {
    process.execPath = path.join(directory, 'no-node')
    start(child('a'))
    await expect.poll(() => said.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2)
    expect(said[0]).toContain('ENOENT')
  } finally {
    process.execPath = execPath
  }
  await until('ready a')
})

test('killing ends the children at once, and they are not started again', async () => {
  const { kill, stop, finished } = start(child('a', { stopMs: 60_000 }), child('b'))
  await until('ready a', 'ready b')
  stop()
  await until('SIGTERM a')
  kill()
  expect(await finished).toBe(0)
  expect(times('started a') + times('started b')).toBe(2)
  expect(happened()).not.toContain('gone a')
})

test('children stop by themselves when their parent is killed', async () => {
  const parentFile = path.join(directory, 'parent.mjs')
  const children = JSON.stringify(
    [child('a', { stopMs: 100 }), child('b')].map(({ name, args }) => ({ name, args })),
  )
  writeFileSync(
    parentFile,
    `import { supervise } from ${moduleUrl('./supervise.ts')}
     supervise({ children: ${children}.map(child => ({ ...child, env: process.env })), log: console.error })`,
  )
  const parent = spawn(process.execPath, ['-C', '@foreman/source', parentFile], { stdio: 'inherit' })
  await until('ready a', 'ready b')
  parent.kill('SIGKILL')
  await until('orphaned a', 'orphaned b', 'gone a', 'gone b')
})

test.each([
  [0, 5, 200],
  [200, 5, 400],
  [3200, 9999, 5000],
  [5000, 0, 5000],
  [5000, 10_000, 200],
  [200, 60_000, 200],
])('after a wait of %d ms and %d ms up, the next wait is %d ms', (delayMs, upMs, next) => {
  expect(nextDelayMs(delayMs, upMs, { firstMs: 200, longestMs: 5000, resetAfterMs: 10_000 })).toBe(next)
})

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
