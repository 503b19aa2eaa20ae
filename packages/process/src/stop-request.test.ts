import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A process that prints `ready`, then the reason of its stop request, and takes `stopMs` to stop. */
const start = (stopMs: number, { loadMs = 0, ipc = false } = {}) => {
  const source = `
    import { onStopRequest } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
    await new Promise(resolve => setTimeout(resolve, ${loadMs}))
    const alive = setInterval(() => {}, 1000)
    const stop = reason => { console.log(reason); setTimeout(() => clearInterval(alive), ${stopMs}) }
    onStopRequest(process, stop, () => console.log('at once'))
    console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit', ipc ? 'ipc' : 'ignore'],
  })
  children.push(child)
  const lines: string[] = []
  child.stdout!.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')))
  return {
    child,
    lines,
    says: (line: string) => expect.poll(() => lines, { timeout: 10_000, interval: 10 }).toContain(line),
    // `close` never comes once the channel has been closed from this side.
    closed: Promise.all([once(child, 'exit'), once(child.stdout!, 'end')]).then(
      ([exit]) => exit as unknown[],
    ),
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)('the first %s stops gracefully', async signal => {
  const { child, lines, says, closed } = start(50)
  await says('ready')
  child.kill(signal)
  expect(await closed).toEqual([0, null])
  expect(lines).toEqual(['ready', signal])
})

test('the second signal ends the process at once, whichever it is', async () => {
  const { child, lines, says, closed } = start(60_000)
  await says('ready')
  child.kill('SIGINT')
  await says('SIGINT')
  child.kill('SIGTERM')
  expect(await closed).toEqual([143, null])
  expect(lines).toEqual(['ready', 'SIGINT', 'at once'])
})

test('the same signal twice within a moment counts as one', async () => {
  const { child, lines, says, closed } = start(300)
  await says('ready')
  child.kill('SIGINT')
  await says('SIGINT')
  child.kill('SIGINT')
  expect(await closed).toEqual([0, null])
  expect(lines).toEqual(['ready', 'SIGINT'])
})

test('the process stops gracefully when its parent is gone, and a signal after that changes nothing', async () => {
  const { child, lines, says, closed } = start(300, { ipc: true })
  await says('ready')
  child.disconnect()
  await says('orphaned')
  child.kill('SIGTERM')
  expect(await closed).toEqual([0, null])
  expect(lines).toEqual(['ready', 'orphaned'])
})

test('the process notices that its parent ended while it was loading', async () => {
  const { child, lines, closed } = start(0, { ipc: true, loadMs: 500 })
  child.disconnect()
  expect(await closed).toEqual([0, null])
  expect(lines).toEqual(['ready', 'orphaned'])
})

test('the channel to the parent does not keep a stopped process running', async () => {
  const { child, says, closed } = start(0, { ipc: true })
  await says('ready')
  child.kill('SIGTERM')
  expect(await closed).toEqual([0, null])
})
