import { OllamaClient } from '@foreman/ollama-client'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openTempStore, silent, soon } from '../testing/fixtures.ts'
import { TargetMonitor } from './monitor.ts'

const models = ['a', 'b', 'c'].map(name => ({ name, model: name, digest: `digest of ${name}` }))

/** A target. A test can keep it from answering, and can let it leave and come back at the same address. */
const startTarget = async (odd: Record<string, unknown> = {}) => {
  const hanging = new Set<string>()
  const endless = new Set<string>()
  const poured = { bytes: 0 }
  /** Answers with spaces that do not end. */
  const pour = (response: http.ServerResponse) => {
    const chunk = Buffer.alloc(1024 * 1024, ' ')
    const more = () => {
      if (response.destroyed) return
      poured.bytes += chunk.byteLength
      response.write(chunk)
      response.once('drain', more)
    }
    more()
  }
  const asked: string[] = []
  const listener: http.RequestListener = (request, response) => {
    const route = request.url ?? ''
    asked.push(route)
    if (hanging.has(route)) return
    if (endless.has(route)) return pour(response)
    const answers: Record<string, unknown> = {
      '/api/version': { version: '0.0.0' },
      '/api/tags': { models },
      '/api/ps': { models: [] },
      '/api/show': { modelfile: 'FROM /models/sha256-0', parameters: '', details: {}, model_info: {} },
      ...odd,
    }
    response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify(route in answers ? answers[route] : {}))
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
    endless,
    poured,
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

const setUp = async (pollIntervalMs = 60_000, odd?: Record<string, unknown>) => {
  const target = await startTarget(odd)
  const store = openTempStore()
  const onReturn = vi.fn<(resident: readonly string[]) => void>()
  const onPoll = vi.fn<(resident: readonly string[]) => void>()
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

const start = async (pollIntervalMs?: number, odd?: Record<string, unknown>) => {
  const all = await setUp(pollIntervalMs, odd)
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

describe('an answer of another shape costs only what it should have brought', () => {
  const b = 'registry.ollama.ai/library/b:latest'

  test.each<[path: string, answer: unknown, resident: string[]]>([
    ['/api/ps', { models: [{ model: 'a' }, null, { name: 'b' }] }, ['b']],
    ['/api/ps', { models: null }, []],
    ['/api/ps', [], []],
    ['/api/ps', 'text', []],
  ])('of %s: %j', async (path, answer, resident) => {
    const { store, monitor, onReturn } = await start(undefined, { [path]: answer })
    await expect.poll(() => onReturn.mock.calls, soon).toEqual([[resident]])
    expect(monitor.isUp).toBe(true)
    expect(store.catalogue.model(b)).toBeDefined()
  })

  test.each([null, [], { models: 'b' }])('of /api/tags: %j leaves the models as they were', async tags => {
    const odd: Record<string, unknown> = {}
    const { store, onPoll, onReturn } = await start(20, odd)
    await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
    odd['/api/tags'] = tags
    const polls = onPoll.mock.calls.length
    await expect.poll(() => onPoll.mock.calls.length, soon).toBeGreaterThan(polls + 1)
    expect(store.catalogue.model(b)).toBeDefined()
    expect(store.catalogue.snapshot('/api/tags')?.body.toString()).toBe(JSON.stringify({ models }))
  })

  test('of /api/version: the version stays as it was', async () => {
    const { store, onReturn } = await start(undefined, { '/api/version': { version: {} } })
    await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
    expect(store.catalogue.snapshot('/api/version')).toBeUndefined()
  })
})

describe('an answer that does not end', () => {
  const MEBIBYTE = 1024 * 1024

  test('to the version is taken for no answer, and little of it is read', async () => {
    const { target, monitor } = await setUp()
    target.endless.add('/api/version')
    expect(await monitor.probe()).toBe('gone')
    await expect.poll(target.connections, soon).toBe(0)
    expect(target.poured.bytes).toBeLessThan(16 * MEBIBYTE)
  })

  test.each(['/api/tags', '/api/ps'])('to %s costs only that list', async path => {
    const { target, store, monitor, onReturn } = await setUp()
    target.endless.add(path)
    monitor.start()
    await expect.poll(() => onReturn.mock.calls, soon).toEqual([[[]]])
    expect(monitor.isUp).toBe(true)
    expect(store.catalogue.snapshot('/api/version')).toBeDefined()
    expect(target.poured.bytes).toBeLessThan(64 * MEBIBYTE)
  })
})

test('a target is polled again although what follows a poll fails', async () => {
  const { onReturn, onPoll } = await setUp(20).then(all => {
    const fail = () => {
      throw new Error('malformed')
    }
    all.onReturn.mockImplementation(fail)
    all.onPoll.mockImplementation(fail)
    all.monitor.start()
    return all
  })
  await expect.poll(() => onPoll.mock.calls.length, soon).toBeGreaterThan(2)
  expect(onReturn).toHaveBeenCalledTimes(1)
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
