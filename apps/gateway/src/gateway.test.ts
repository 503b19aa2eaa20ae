import { once } from 'node:events'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Gateway, startGateway } from './gateway.ts'
import { gatewayConfig } from './testing/gateway-config.ts'

const logger = pino({ level: 'silent' })

const newGateway = (variables: Record<string, string> = {}): Gateway => {
  const gateway = new Gateway(gatewayConfig({ FOREMAN_SHUTDOWN_GRACE: '0s', ...variables }), { logger })
  onTestFinished(() => gateway.stop())
  return gateway
}

const TOKENS = { FOREMAN_TOKENS: 'ann:a,bulk:b:low' }
const DOORS = { ...TOKENS, FOREMAN_DOORS: 'ann=127.0.0.1:0,bulk=127.0.0.1:0' }

const freePort = async (): Promise<number> => {
  const server = net.createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Opens a connection and sends half of a request, so that the gateway has something to wait for. */
const sendHalf = async (url: string): Promise<net.Socket> => {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(
    'POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\nhalf',
  )
  // Node answers `Expect` when the gateway has the request.
  await once(socket, 'data')
  return socket
}

const isReachable = async (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  )

describe('starting', () => {
  test('twice is the same as once', async () => {
    const gateway = newGateway()
    await Promise.all([gateway.start(), gateway.start()])
    const { url } = gateway
    await gateway.start()
    expect(gateway.url).toBe(url)
    expect(await isReachable(url)).toBe(true)
  })

  test('after a stop does nothing', async () => {
    const gateway = newGateway()
    await gateway.start()
    const { url } = gateway
    await gateway.stop()
    await gateway.start()
    expect(await isReachable(url)).toBe(false)
  })

  test('fails when the address is taken, and a stop has nothing to do then', async () => {
    const first = newGateway()
    await first.start()
    const second = newGateway({ FOREMAN_ADDR: new URL(first.url).host })
    await expect(second.start()).rejects.toThrow(/^FOREMAN_ADDR cannot be used: .*EADDRINUSE/)
    await second.stop()
  })

  test('fails when the address of a door is taken, and leaves no other entrance open', async () => {
    const first = newGateway()
    await first.start()
    const addr = `127.0.0.1:${await freePort()}`
    const second = newGateway({
      ...TOKENS,
      FOREMAN_ADDR: addr,
      FOREMAN_DOORS: `ann=127.0.0.1:0,bulk=${new URL(first.url).host}`,
    })
    await expect(second.start()).rejects.toThrow(
      expect.objectContaining({
        name: 'SettingError',
        message: expect.stringMatching(/^FOREMAN_DOORS cannot be used: .*EADDRINUSE/) as string,
      }),
    )
    expect(await isReachable(`http://${addr}`)).toBe(false)
    await second.stop()
  })
})

test('a gateway has no address before it is started', () => {
  expect(() => newGateway().url).toThrow('has not started')
  expect(() => newGateway(DOORS).doors).toThrow('has not started')
})

test('a gateway listens at its doors, and answers there as at its main entrance', async () => {
  const gateway = newGateway(DOORS)
  await gateway.start()
  expect(gateway.doors.map(({ caller }) => caller)).toEqual(['ann', 'bulk'])
  const urls = [gateway.url, ...gateway.doors.map(({ url }) => url)]
  expect(new Set(urls).size).toBe(3)
  const heads = await Promise.all(
    urls.map(async url => {
      const { headers } = await fetch(`${url}/healthz`)
      return ['connection', 'keep-alive'].map(name => headers.get(name))
    }),
  )
  expect(heads).toEqual([heads[0], heads[0], heads[0]])
})

describe('stopping', () => {
  test('does nothing when the gateway was never started, which can still be started', async () => {
    const gateway = newGateway()
    await gateway.stop()
    await gateway.start()
    expect(await isReachable(gateway.url)).toBe(true)
  })

  test('twice waits for the first stop', async () => {
    const gateway = newGateway({ FOREMAN_SHUTDOWN_GRACE: '300ms' })
    await gateway.start()
    const { url } = gateway
    const socket = await sendHalf(url)
    const ended: string[] = []
    const first = gateway.stop().then(() => ended.push('first'))
    const second = gateway.stop().then(() => ended.push('second'))
    const closed = text(socket).then(() => ended.push('connection'))
    await Promise.all([first, second, closed])
    expect(ended.toSorted()).toEqual(['connection', 'first', 'second'])
    expect(gateway.stop()).toBe(gateway.stop())
    expect(await isReachable(url)).toBe(false)
  })

  test('does not return to a second caller while a request still runs', async () => {
    const gateway = newGateway({ FOREMAN_SHUTDOWN_GRACE: '10s' })
    await gateway.start()
    const socket = await sendHalf(gateway.url)
    const first = gateway.stop()
    let isOver = false
    const second = gateway.stop().then(() => (isOver = true))
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(isOver).toBe(false)
    socket.destroy()
    await Promise.all([first, second])
  })

  test('closes the doors, too, and waits for the requests that came through them', async () => {
    const gateway = newGateway({ ...DOORS, FOREMAN_SHUTDOWN_GRACE: '10s' })
    await gateway.start()
    const { url, doors } = gateway
    const [, bulk] = doors
    const socket = await sendHalf(bulk!.url)
    let isOver = false
    const stopped = gateway.stop().then(() => (isOver = true))
    for (const entrance of [url, ...doors.map(door => door.url)]) {
      expect(await isReachable(entrance)).toBe(false)
    }
    expect(isOver).toBe(false)
    socket.destroy()
    await stopped
  })

  test('cuts the connections at the doors, too, when the grace period is over', async () => {
    const gateway = newGateway(DOORS)
    await gateway.start()
    const socket = await sendHalf(gateway.doors[0]!.url)
    await Promise.all([gateway.stop(), text(socket)])
  })

  test('waits for a start that is under way', async () => {
    const gateway = newGateway()
    const started = gateway.start()
    await gateway.stop()
    await started
    expect(await isReachable(gateway.url)).toBe(false)
  })
})

test('startGateway returns a gateway that listens', async () => {
  const gateway = await startGateway(gatewayConfig({ FOREMAN_SHUTDOWN_GRACE: '0s' }), { logger })
  onTestFinished(() => gateway.stop())
  expect(await isReachable(gateway.url)).toBe(true)
})
