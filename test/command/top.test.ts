import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import { type Installation, startInstallation } from './installation.ts'
import { inTerminal, type Terminal } from './terminal.ts'

let foreman: Installation

beforeAll(async () => {
  foreman = await startInstallation()
}, 60_000)

afterAll(() => foreman.stop())

const ENTER = '\u001b[?1049h'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'

/** The lines of the last frame, as a reader sees them. */
const frame = (terminal: Terminal): string[] =>
  (terminal.output().split(HOME).at(-1) ?? '')
    // oxlint-disable-next-line no-control-regex -- what a terminal obeys is taken out
    .replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '')
    .split('\n')
    .map(line => line.trimEnd())

/** Waits until the screen shows something. */
const shows = async (terminal: Terminal, text: string | RegExp): Promise<void> =>
  until(
    () => frame(terminal).some(line => (typeof text === 'string' ? line.includes(text) : text.test(line))),
    15_000,
  )

const top = () => foreman.show(['top'], { columns: 90, rows: 24 })

test('fills the terminal, and another one after it was resized', async () => {
  const terminal = top()
  await shows(terminal, 'q quit')
  for (const [columns, rows] of [
    [90, 24],
    [60, 12],
    [140, 40],
  ] as const) {
    terminal.resize(columns, rows)
    await until(() => frame(terminal).length === rows)
    expect(Math.max(...frame(terminal).map(({ length }) => length))).toBeLessThanOrEqual(columns)
  }
  terminal.type('q')
  expect(await terminal.ended).toBe(0)
})

test('pauses and goes on after a yes, and does nothing after any other key', async () => {
  const terminal = top()
  await shows(terminal, 'q quit')
  terminal.type('p')
  await shows(terminal, 'Pause: let nothing start?')
  terminal.type('n')
  await shows(terminal, 'q quit')
  terminal.type('p')
  await shows(terminal, 'Pause: let nothing start?')
  terminal.type('y')
  await shows(terminal, /^paused {2}/)
  expect((await foreman.run(['holds', 'ls'])).stdout).toMatch(/^hold_\w+ {2}pause/)
  terminal.type('p')
  await shows(terminal, 'Go on?')
  terminal.type('y')
  await shows(terminal, /^running {2}/)
  terminal.type('q')
  expect(await terminal.ended).toBe(0)
})

test('looks at a job, and cancels it', async () => {
  const id = await foreman.submit({
    request: { model: 'alpha', prompt: 'x', options: { num_predict: 1_000_000 } },
  })
  const terminal = top()
  await shows(terminal, id)
  terminal.type('\u001b[B')
  await shows(terminal, `▸  ${id}`)
  terminal.type('\r')
  await shows(terminal, /^endpoint +\/api\/generate/)
  terminal.type('c')
  await shows(terminal, `Cancel ${id}?`)
  terminal.type('y')
  expect((await foreman.run(['jobs', 'watch', id])).code).toBe(1)
  await shows(terminal, `${id} is cancelled`)
  terminal.type('\u001b')
  await shows(terminal, 'q quit')
  terminal.type('q')
  expect(await terminal.ended).toBe(0)
})

/** Makes a signal an error that nobody catches. */
const CRASH = `data:text/javascript,process.on('SIGUSR2',()=>{throw(Error('crash'))})`

test.each<[string, number]>([
  ['q', 0],
  ['\u0003', 130],
  ['SIGTERM', 143],
  ['SIGUSR2', 1],
])('after %j the terminal is as it was', async (end, code) => {
  const file = (name: string) => path.join(foreman.directory, name)
  const run = `stty -g > before; sh -c 'echo $$ > pid; exec "$@"' sh "$@"; echo $? > code; stty -g > after`
  const terminal = inTerminal(['sh', '-c', run, 'sh', ...foreman.command(['top'])], {
    cwd: foreman.directory,
    env: { ...foreman.environment, NODE_OPTIONS: `--import=${CRASH}` },
  })
  await shows(terminal, 'q quit')
  if (end === 'SIGTERM' || end === 'SIGUSR2') process.kill(Number(fs.readFileSync(file('pid'), 'utf8')), end)
  else terminal.type(end)
  await terminal.ended
  expect(fs.readFileSync(file('code'), 'utf8')).toBe(`${code}\n`)
  expect(fs.readFileSync(file('after'), 'utf8')).toBe(fs.readFileSync(file('before'), 'utf8'))
  const output = terminal.output()
  expect(output.indexOf(ENTER)).toBeGreaterThanOrEqual(0)
  expect(output.lastIndexOf(LEAVE)).toBeGreaterThan(output.lastIndexOf(HOME))
})

test('without a terminal it is one snapshot', async () => {
  expect(await foreman.run(['top'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^running {2}/) as string,
  })
})
