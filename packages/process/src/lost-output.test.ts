import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'

const moduleUrl = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)

/** Logs and prints every 10 ms. On a terminal the logger writes readable lines, and it is told that it has one. */
const printer = (isTerminal: boolean) => `
  import { runMain } from ${moduleUrl('index.ts')}
  import { createLogger } from ${moduleUrl('logger.ts')}
  await runMain(() => {
    if (${isTerminal}) process.stdout.isTTY = true
    const logger = createLogger({ name: 'worker', level: 'info', output: process.stdout })
    let rounds = 0
    setInterval(() => {
      logger.info('a line')
      console.log('a line')
      console.error('a line')
      process.send({ rounds: ++rounds })
    }, 10)
  })`

test.each([
  ['JSON lines', false],
  ['readable lines', true],
])(
  'a process that logs %s works on when nobody reads stdout and stderr any more',
  async (_what, isTerminal) => {
    const args = ['-C', '@foreman/source', '--input-type=module', '-e', printer(isTerminal)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    let rounds = 0
    child.on('message', message => {
      if (typeof message === 'object' && 'rounds' in message) rounds = Number(message.rounds)
    })
    child.stdout?.resume()
    child.stderr?.resume()
    await expect.poll(() => rounds, { timeout: 10_000, interval: 10 }).toBeGreaterThan(2)
    child.stdout?.destroy()
    child.stderr?.destroy()
    const before = rounds
    await expect.poll(() => rounds, { timeout: 5_000, interval: 10 }).toBeGreaterThan(before + 20)
    expect([child.exitCode, child.signalCode]).toEqual([null, null])
  },
)
