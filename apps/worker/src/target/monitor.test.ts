import { OllamaClient } from '@foreman/ollama-client'
import { unavailableError } from '@foreman/store/testing'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openTempStore, silent, soon } from '../testing/fixtures.ts'
import { TargetMonitor } from './monitor.ts'
import type { Poll } from './poll.ts'

const b = 'registry.ollama.ai/library/b:latest'
const models = ['a', 'b', 'c'].map(name => ({ name, model: name, digest: `digest of ${name}` }))

/** A target. A test can keep it from answering, and can let it leave and come back at the same address. */
const startTarget = async (odd: Record<string, unknown> = {}) => {
  const hanging = new Set<string>()
  const endless = new Set<string>()
  /** The routes that a proxy blocks with this status; `*` stands for all others. */
  const blocked = new Map<string, number>()
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
    const status = blocked.get(route) ?? blocked.get('*')
    if (status !== undefined)
      return response
        .writeHead(status, { Location: 'https://elsewhere.example/' })
        .end('<html>blocked</html>')
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
    blocked,
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
  const store = await openTempStore()
  const onReturn = vi.fn<(poll: Poll) => void>()
  const onPoll = vi.fn<(poll: Poll) => void>()
  const monitor = new TargetMonitor({
    client: new OllamaClient({ url: target.url }),
    store,
    logger: silent,
    pollIntervalMs,
    now: Date.now,
    onReturn,
    onPoll,
    onModel: () => Promise.resolve(),
  })
  onTestFinished(() => monitor.stop())
  /** What the store says about the target. The monitor does not wait for what it notes there. */
  const noted = () => store.target.read()
  const kept = async (path: string) => (await store.catalogue.snapshot(path))?.body.toString()
  return { target, store, monitor, onReturn, onPoll, noted, kept }
}

const start = async (pollIntervalMs?: number, odd?: Record<string, unknown>) => {
  const all = await setUp(pollIntervalMs, odd)
  all.monitor.start()
  return all
}

test('a target that is there is found at once, and its answers are kept', async () => {
  const { store, monitor, onReturn, noted, kept } = await start()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
  expect(monitor.isUp).toBe(true)
  await expect.poll(noted, soon).toMatchObject({ state: 'up', reason: null })
  expect(await kept('/api/version')).toBe('{"version":"0.0.0"}')
  expect((await store.catalogue.model(b))?.digest).toBe('digest of b')
})

test('another version of the target is asked again what its models can do', async () => {
  const odd: Record<string, unknown> = {}
  const { target, store, monitor, onPoll } = await start(undefined, odd)
  const shown = () => target.asked.filter(route => route === '/api/show').length
  const unasked = async () => (await store.catalogue.unasked()).length
  await expect.poll(async () => (await unasked()) === 0 && shown(), soon).toBe(3)
  monitor.check()
  await expect.poll(() => onPoll.mock.calls.length, soon).toBe(1)
  odd['/api/version'] = { version: '0.0.1' }
  odd['/api/show'] = { modelfile: 'FROM /models/sha256-0', capabilities: ['tools'] }
  monitor.check()
  const loading = async () => (await store.catalogue.model(b))?.loading
  await expect.poll(loading, soon).toMatchObject({ capabilities: ['tools'] })
  await expect.poll(shown, soon).toBe(6)
})

describe('what the store does not take after a poll is done again after the next one', () => {
  test('the list of models', async () => {
    const { target, store, monitor, onPoll, kept } = await setUp()
    const refused = vi.spyOn(store.catalogue, 'replaceModels').mockRejectedValueOnce(unavailableError())
    monitor.start()
    await expect.poll(() => monitor.isUp, soon).toBe(true)
    expect(refused).toHaveBeenCalledTimes(1)
    expect(await store.catalogue.model(b)).toBeUndefined()
    expect(await kept('/api/tags')).toBeUndefined()
    monitor.check()
    await expect.poll(() => onPoll.mock.calls.length, soon).toBe(1)
    expect((await store.catalogue.model(b))?.digest).toBe('digest of b')
    expect(await kept('/api/tags')).toBe(JSON.stringify({ models }))
    await expect.poll(() => target.asked.filter(route => route === '/api/show').length, soon).toBe(3)
  })

  test.each<[what: string, verb: 'forgetCapabilities' | 'keepSnapshot']>([
    ['what the models can do, of another version of the target', 'forgetCapabilities'],
    ['that version', 'keepSnapshot'],
  ])('%s', async (_what, verb) => {
    const odd: Record<string, unknown> = {}
    const { target, store, monitor, onPoll, kept } = await start(undefined, odd)
    const shown = () => target.asked.filter(route => route === '/api/show').length
    const unasked = async () => (await store.catalogue.unasked()).length
    await expect.poll(async () => (await unasked()) === 0 && shown(), soon).toBe(3)
    odd['/api/version'] = { version: '0.0.1' }
    odd['/api/show'] = { modelfile: 'FROM /models/sha256-0', capabilities: ['tools'] }
    const refused = vi.spyOn(store.catalogue, verb).mockRejectedValueOnce(unavailableError())
    monitor.check()
    await expect.poll(() => onPoll.mock.calls.length, soon).toBe(1)
    expect(refused).toHaveBeenCalled()
    expect(await kept('/api/version')).toBe('{"version":"0.0.0"}')
    monitor.check()
    await expect.poll(() => onPoll.mock.calls.length, soon).toBe(2)
    expect(await kept('/api/version')).toBe('{"version":"0.0.1"}')
    const loading = async () => (await store.catalogue.model(b))?.loading
    await expect.poll(loading, soon).toMatchObject({ capabilities: ['tools'] })
  })
})

test('a target that went away is found when it is back', async () => {
  const { target, monitor, onReturn, noted } = await start()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
  await target.leave()
  monitor.lost('refused')
  expect(monitor.isUp).toBe(false)
  await expect.poll(noted, soon).toMatchObject({ state: 'away', reason: 'refused' })
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
  const { target, store, monitor, onReturn, noted } = await start()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
  await target.leave()
  monitor.heedSuspicion((await store.queue.agenda()).suspectedAt)
  expect(monitor.isUp).toBe(true)
  await store.target.suspect(Date.now())
  monitor.heedSuspicion((await store.queue.agenda()).suspectedAt)
  await expect.poll(noted, soon).toMatchObject({ state: 'away' })
  await target.comeBack()
  await expect.poll(() => onReturn.mock.calls.length, soon).toBe(2)
})

describe('an answer of another shape costs only what it should have brought', () => {
  test.each<[path: string, answer: unknown, resident: string[] | undefined]>([
    ['/api/ps', { models: [{ model: 'a' }, null, { name: 'b' }] }, ['b']],
    ['/api/ps', { models: null }, []],
    ['/api/ps', [], undefined],
    ['/api/ps', 'text', undefined],
  ])('of %s: %j', async (path, answer, resident) => {
    const { store, monitor, onReturn } = await start(undefined, { [path]: answer })
    await expect
      .poll(() => onReturn.mock.calls.map(([{ residents }]) => residents?.map(({ name }) => name)), soon)
      .toEqual([resident])
    expect(monitor.isUp).toBe(true)
    expect(await store.catalogue.model(b)).toBeDefined()
  })

  test.each([null, [], { models: 'b' }])('of /api/tags: %j leaves the models as they were', async tags => {
    const odd: Record<string, unknown> = {}
    const { store, onPoll, onReturn, kept } = await start(20, odd)
    await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
    odd['/api/tags'] = tags
    const polls = onPoll.mock.calls.length
    await expect.poll(() => onPoll.mock.calls.length, soon).toBeGreaterThan(polls + 1)
    expect(await store.catalogue.model(b)).toBeDefined()
    expect(await kept('/api/tags')).toBe(JSON.stringify({ models }))
  })

  test('of /api/version: the version stays as it was', async () => {
    const { onReturn, kept } = await start(undefined, { '/api/version': { version: {} } })
    await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
    expect(await kept('/api/version')).toBeUndefined()
  })
})

describe('an answer that does not end', () => {
  const MEBIBYTE = 1024 * 1024

  test('to the version is read a little way, and another answer shows that the target is there', async () => {
    const { target, monitor } = await setUp()
    target.endless.add('/api/version')
    expect(await monitor.probe()).toBe('there')
    await expect.poll(target.connections, soon).toBe(0)
    expect(target.poured.bytes).toBeLessThan(16 * MEBIBYTE)
  })

  test.each<[path: string, resident: string[] | undefined]>([
    ['/api/tags', []],
    ['/api/ps', undefined],
  ])('to %s costs only that list', async (path, resident) => {
    const { target, monitor, onReturn, kept } = await setUp()
    target.endless.add(path)
    monitor.start()
    await expect
      .poll(() => onReturn.mock.calls.map(([{ residents }]) => residents?.map(({ name }) => name)), soon)
      .toEqual([resident])
    expect(monitor.isUp).toBe(true)
    expect(await kept('/api/version')).toBeDefined()
    expect(target.poured.bytes).toBeLessThan(64 * MEBIBYTE)
  })
})

describe('what answers is there', () => {
  test.each<[path: string, status: number]>([
    ['/api/version', 404],
    ['/api/version', 403],
    ['/api/tags', 403],
    ['/api/ps', 404],
    ['/api/ps', 500],
  ])('although %s is blocked with %i, which is logged once and kept', async (path, status) => {
    const warn = vi.spyOn(silent, 'warn')
    onTestFinished(() => warn.mockRestore())
    const { target, monitor, onPoll, noted } = await setUp(20)
    target.blocked.set(path, status)
    monitor.start()
    await expect.poll(() => onPoll.mock.calls.length, soon).toBeGreaterThan(1)
    const reason = `it answers ${path} with ${status}`
    await expect.poll(noted, soon).toMatchObject({ state: 'up', reason })
    const complaints = warn.mock.calls.filter(([about]) => (about as { path?: string }).path === path)
    expect(complaints).toEqual([[{ path, reason }, expect.any(String)]])
    target.blocked.clear()
    await expect.poll(noted, soon).toMatchObject({ reason: null })
    expect(monitor.isUp).toBe(true)
  })

  test('although one list hangs', { timeout: 20_000 }, async () => {
    const { target, monitor, noted } = await setUp()
    target.hanging.add('/api/ps')
    monitor.start()
    await expect.poll(noted, soon).toMatchObject({ state: 'up' })
    expect((await noted()).reason).toContain('/api/ps')
  })

  test('although models have no name', async () => {
    const { store, onReturn, noted } = await start(undefined, {
      '/api/tags': { models: [...models, { digest: 'x' }] },
    })
    await expect.poll(() => onReturn.mock.calls.length, soon).toBe(1)
    const reason = 'its answer to /api/tags (200) has models without a name: 1'
    await expect.poll(noted, soon).toMatchObject({ reason })
    expect(await store.catalogue.model(b)).toBeDefined()
  })

  test('and a redirect to another server, which is not followed, is said to be one', async () => {
    const { target, monitor, noted } = await setUp()
    target.blocked.set('*', 301)
    monitor.start()
    const reason = 'the server redirects /api/version to https://elsewhere.example/'
    await expect.poll(noted, soon).toMatchObject({ state: 'away', reason })
  })

  test.each<[status: number, probe: string]>([
    [404, 'gone'],
    [502, 'gone'],
    [401, 'refuses_credentials'],
    [403, 'refuses_credentials'],
  ])('and what answers everything with %i is %s', async (status, probe) => {
    const { target, monitor } = await setUp()
    target.blocked.set('*', status)
    expect(await monitor.probe()).toBe(probe)
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
