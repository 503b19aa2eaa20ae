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
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await second.stop()
  })
})

test('a gateway has no address before it is started', () => {
  expect(() => newGateway().url).toThrow('has not started')
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
