import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { startSim } from './index.ts'
import { ask } from './testing/ask.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

let child: ChildProcessWithoutNullStreams
afterEach(() => void child.kill('SIGKILL'))

const run = (args: string[], env: Record<string, string> = {}) => {
  child = spawn(process.execPath, ['-C', '@foreman/source', MAIN, ...args], {
    env: { ...process.env, ...env },
  })
  const output = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()))
  return output
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'names pid and address first, serves, and stops cleanly on %s',
  async signal => {
    const output = run(['--addr', '127.0.0.1:0', '--max-loaded=1'], { FOREMAN_SIM_RATE: '100' })
    await expect.poll(() => output.out, { timeout: 10_000 }).toContain('\n')
    const [, pid, port] = /^simulated Ollama: pid (\d+), listening on http:\/\/127\.0\.0\.1:(\d+)\n/.exec(
      output.out,
    )!
    expect(Number(pid)).toBe(child.pid)
    const body = { model: 'plain', prompt: 'hi', stream: false }
    const { text } = await ask({ port: Number(port) }, { path: '/api/generate', body })
    const answer = JSON.parse(text) as { response: string; eval_duration: number }
    expect(answer.response).toBe('Hello there, friend!')
    expect(answer.eval_duration).toBeGreaterThan(50e6)
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([0, null])
  },
)

test('refuses a setting in one line', async () => {
  const output = run(['--max-loaded', 'all'])
  expect(await once(child, 'close')).toEqual([2, null])
  expect(output.err).toMatch(/^--max-loaded is "all": .*\n$/)
})

test('refuses an address that is taken in one line', async () => {
  const sim = await startSim()
  const output = run(['--addr', `127.0.0.1:${sim.port}`])
  expect(await once(child, 'close')).toEqual([2, null])
  expect(output.err).toMatch(/^FOREMAN_SIM_ADDR cannot be used: .*EADDRINUSE.*\n$/)
  await sim.close()
})
