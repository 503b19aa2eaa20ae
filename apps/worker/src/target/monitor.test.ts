import { OllamaClient } from '@foreman/ollama-client'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openTempStore, silent, soon } from '../testing/fixtures.ts'
import { TargetMonitor } from './monitor.ts'

const models = ['a', 'b', 'c'].map(name => ({ name, model: name, digest: `digest of ${name}` }))

/** A target. A test can keep it from answering, and can let it leave and come back at the same address. */
const startTarget = async () => {
  const hanging = new Set<string>()
  const asked: string[] = []
  const listener: http.RequestListener = (request, response) => {
    const route = request.url ?? ''
    asked.push(route)
    if (hanging.has(route)) return
    const answers: Record<string, unknown> = {
      '/api/version': { version: '0.0.0' },
      '/api/tags': { models },
      '/api/ps': { models: [] },
      '/api/show': { modelfile: 'FROM /models/sha256-0', parameters: '', details: {}, model_info: {} },
    }
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answers[route] ?? {}))
  }
  let server = http.createServer(listener)
  const listen = (port: number) =>
    new Promise<void>(resolve => void server.listen(port, '127.0.0.1', resolve))
  const leave = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  onTestFinished(leave)
  return {
    url: `http://127.0.0.1:${port}`,
    hanging,
    asked,
    connections: () =>
      new Promise<number>((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
      }),
    leave,
    comeBack: async () => {
      server = http.createServer(listener)
      await listen(port)
    },
  }
}

const setUp = async (pollIntervalMs = 60_000) => {
  const target = await startTarget()
  const store = openTempStore()
  const onReturn = vi.fn<() => void>()
  const onPoll = vi.fn<() => void>()
  const monitor = new TargetMonitor({
    client: new OllamaClient({ url: target.url }),
    store,
    logger: silent,
    pollIntervalMs,
    now: Date.now,
    onReturn,
    onPoll,
    onModel: () => undefined,
  })
  onTestFinished(() => monitor.stop())
  return { target, store, monitor, onReturn, onPoll }
}

const start = async (pollIntervalMs?: number) => {
  const all = await setUp(pollIntervalMs)
  all.monitor.start()
  return all
}

test('a target that is there is found at once, and its answers are kept', async () => {
  const { store, monitor, onReturn } = await start()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
  expect(monitor.isUp).toBe(true)
  expect(store.target.read()).toMatchObject({ state: 'up', reason: null })
  expect(store.catalogue.snapshot('/api/version')?.body.toString()).toBe('{"version":"0.0.0"}')
  expect(store.catalogue.model('registry.ollama.ai/library/b:latest')?.digest).toBe('digest of b')
})

test('a target that went away is found when it is back', async () => {
  const { target, store, monitor, onReturn } = await start()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
  await target.leave()
  monitor.lost('refused')
  expect(monitor.isUp).toBe(false)
  expect(store.target.read()).toMatchObject({ state: 'away', reason: 'refused' })
  await target.comeBack()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(2)
  expect(monitor.isUp).toBe(true)
})

test('a target that goes away while it is asked about its models is found when it is back', async () => {
  const { target, monitor, onReturn } = await start()
  target.hanging.add('/api/show')
  await expect.poll(() => target.asked.includes('/api/show'), soon).toBe(true)
  expect(onReturn).toHaveBeenCalledTimes(1)
  monitor.lost('refused')
  await target.leave()
  target.hanging.clear()
  await target.comeBack()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(2)
})

test('a target that does not answer about its models is still polled', { timeout: 40_000 }, async () => {
  const { target, onPoll } = await start(200)
  target.hanging.add('/api/show')
  await expect.poll(() => onPoll.mock.calls.length, { timeout: 30_000, interval: 50 }).toBeGreaterThan(5)
})

test('a target is polled when a gateway has written that it may be away', async () => {
  const { target, store, monitor, onReturn } = await start()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
  await target.leave()
  monitor.heedSuspicion()
  expect(monitor.isUp).toBe(true)
  store.target.suspect(Date.now())
  monitor.heedSuspicion()
  await expect.poll(() => store.target.read().state, soon).toBe('away')
  await target.comeBack()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(2)
})

describe('start and stop', () => {
  test('a monitor that is started twice polls once', async () => {
    const { target, monitor, onReturn } = await start()
    monitor.start()
    await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
    expect(target.asked.filter(route => route === '/api/ps')).toHaveLength(1)
  })

  test('a monitor that was stopped, once or twice, cuts off its requests and calls nobody', async () => {
    const { target, monitor, onReturn } = await setUp()
    target.hanging.add('/api/ps')
    monitor.start()
    await expect.poll(() => target.asked.includes('/api/ps'), soon).toBe(true)
    monitor.stop()
    monitor.stop()
    await expect.poll(target.connections, soon).toBe(0)
    monitor.start()
    monitor.lost('refused')
    expect(onReturn).not.toHaveBeenCalled()
    expect(monitor.isUp).toBe(false)
  })

  test('a monitor that was stopped before it was started asks nothing', async () => {
    const { target, monitor } = await setUp()
    monitor.stop()
    monitor.start()
    expect(await monitor.probe()).toBe('gone')
    expect(target.asked).toEqual([])
  })
})
