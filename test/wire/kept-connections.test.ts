import { type Sim, startSim } from '@foreman/ollama-sim'
import net, { type AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post } from '../harness/request.ts'

/** More of them, by hand, before a release: FOREMAN_KEPT_REQUESTS=10000. */
const REQUESTS = Number(process.env['FOREMAN_KEPT_REQUESTS'] ?? 300)

/** Something between foreman and the target that counts connections, and may cut them. */
const startProxy = async (sim: Sim, cuts: (requestsBefore: number) => boolean) => {
  const { port } = new URL(sim.url)
  let [opened, cut] = [0, 0]
  const sockets = new Set<net.Socket>()
  const server = net.createServer(caller => {
    opened += 1
    let requests = 0
    const target = net.connect(Number(port), '127.0.0.1')
    for (const socket of [caller, target]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => [caller, target].forEach(other => other.destroy()))
    }
    target.pipe(caller)
    caller.on('data', bytes => {
      const isNew = /^(GET|POST) /.test(bytes.toString('latin1', 0, 8))
      if (isNew && requests > 0 && cuts(requests)) {
        cut += 1
        caller.resetAndDestroy()
        return
      }
      requests += Number(isNew)
      target.write(bytes)
    })
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get opened() {
      return opened
    },
    get cut() {
      return cut
    },
  }
}

const setUp = async (cuts: (requestsBefore: number) => boolean) => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const proxy = await startProxy(sim, cuts)
  const foreman = await startForeman({ target: proxy.url })
  const ask = (stream: boolean) =>
    post(foreman.url, '/api/generate', { model: 'plain', prompt: 'hi', options: { num_predict: 1 }, stream })
  await ask(true)
  return { sim, proxy, ask }
}

describe('connections to the target', () => {
  test('are kept: one caller that asks again and again opens two at the most', async () => {
    const { proxy, ask } = await setUp(() => false)
    const before = proxy.opened
    for (let count = 0; count < REQUESTS; count++) expect((await ask(count % 2 === 0)).status).toBe(200)
    // One of them may be a poll.
    expect(proxy.opened - before).toBeLessThanOrEqual(2)
  }, 600_000)

  test('that are cut when the next request comes cost no request an error, and nothing is generated twice', async () => {
    const { sim, proxy, ask } = await setUp(() => Math.random() < 0.3)
    const generated = () => sim.requests.filter(({ path }) => path === '/api/generate').length
    const before = generated()
    for (let count = 0; count < REQUESTS; count++) {
      const answer = await ask(count % 2 === 0)
      expect([answer.status, answer.complete]).toEqual([200, true])
    }
    expect(proxy.cut).toBeGreaterThan(REQUESTS / 20)
    expect(generated() - before).toBe(REQUESTS)
  }, 600_000)
})
