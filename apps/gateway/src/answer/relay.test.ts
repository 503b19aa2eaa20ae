import { generatingEndpoint } from '@foreman/ollama-client'
import { submitJob, unavailableError } from '@foreman/store/testing'
import type { ServerResponse } from 'node:http'
import { describe, expect, test, vi } from 'vitest'
import { firstOutput, runJob } from '../testing/answer.ts'
import { serveFollowing } from '../testing/follow.ts'
import { twoConnections } from '../testing/temp-store.ts'
import { relay, type RelayEnd } from './relay.ts'

const LINE = '{"model":"m","response":"Hi","done":true}\n'
const GENERATE = { path: '/api/generate', endpoint: '/api/generate' }

interface Given {
  readonly streaming?: boolean
  /** How long the caller hears nothing while there is nothing to send. */
  readonly silenceMs?: number
  /** Called when the caller is there, before the relay begins. */
  readonly before?: (response: ServerResponse) => void
}

/** A job whose caller waits for it. */
const start = async ({ streaming = true, silenceMs = 60_000, before = () => undefined }: Given = {}) => {
  const { store, other } = await twoConnections()
  const job = await submitJob(store, GENERATE)
  const begun = Promise.withResolvers<ServerResponse>()
  const following = await serveFollowing({ store, silenceMs }, (response, options): Promise<RelayEnd> => {
    before(response)
    const ended = relay(job, response, {
      ...options,
      endpoint: generatingEndpoint('/api/generate')!,
      streaming,
      asked: { model: 'm', headers: {} },
      shownWait: undefined,
      now: () => 0,
      onWaiting: () => undefined,
    })
    begun.resolve(response)
    return ended
  })
  return { ...following, store, other, job, begun: begun.promise }
}

test('a caller that leaves while the queue cannot be read for good has left: that is no error', async () => {
  const { store, call, ended, begun } = await start({ streaming: false })
  vi.spyOn(store.output, 'view').mockImplementation(async () => {
    const response = await begun
    response.destroy()
    throw new Error('the queue cannot be read')
  })
  call()
  expect(await ended).toBe('left')
})

describe.each([true, false])('while the queue cannot be read now (streaming: %s)', streaming => {
  const startUnreadable = async (given: Given = {}) => {
    const started = await start({ streaming, ...given })
    const looks = [vi.spyOn(started.store.output, 'view'), vi.spyOn(started.store.output, 'read')]
    for (const look of looks) look.mockRejectedValue(unavailableError())
    const recover = () => looks.forEach(look => look.mockRestore())
    return { ...started, recover }
  }

  test('the caller gets its heartbeats, and the answer once it can be read', async () => {
    const { other, call, ended, recover } = await startUnreadable({ silenceMs: 30 })
    const { text, received } = call()
    const heartbeats = () => (streaming ? text().split('\n').length - 1 : text().length)
    await expect.poll(heartbeats).toBeGreaterThan(10)
    await runJob(other, LINE)
    recover()
    expect(await ended).toBe('delivered')
    const answer = await received
    expect([answer.status, answer.isComplete]).toEqual([200, true])
    expect(answer.text.endsWith(LINE)).toBe(true)
  })

  test('a caller that leaves has left', async () => {
    const { call, ended, begun } = await startUnreadable()
    const { leave } = call()
    await begun
    leave()
    expect(await ended).toBe('left')
  })

  test('a gateway that stops tells the caller so', async () => {
    const { call, ended, begun, gatewayStops } = await startUnreadable()
    const { received } = call()
    await begun
    gatewayStops.abort()
    expect(await ended).toBe('cut_off')
    expect(await received).toMatchObject({ status: 503, text: expect.stringContaining('stopped') as string })
  })
})

/** Holds a look back until the test lets it go on. */
const slowLook = () => {
  const asked = Promise.withResolvers<void>()
  const { promise: answer, resolve } = Promise.withResolvers<ReturnType<typeof firstOutput>>()
  const look = () => {
    asked.resolve()
    return answer
  }
  return { look, asked: asked.promise, answer: resolve }
}

test('a caller that leaves during a look is sent nothing of what was seen', async () => {
  const { store, job, call, ended, begun } = await start()
  const { look, asked, answer } = slowLook()
  vi.spyOn(store.output, 'read').mockImplementation(look)
  const { leave } = call()
  const response = await begun
  const write = vi.spyOn(response, 'write')
  await asked
  const closed = new Promise(resolve => response.once('close', resolve))
  leave()
  await closed
  answer(firstOutput(job, 'a', LINE))
  expect(await ended).toBe('left')
  expect(write).not.toHaveBeenCalled()
})

test('a gateway that stops during a look tells the caller so, and sends nothing of what was seen', async () => {
  const { store, job, call, ended, gatewayStops } = await start()
  const { look, asked, answer } = slowLook()
  vi.spyOn(store.output, 'read').mockImplementation(look)
  const { received } = call()
  await asked
  gatewayStops.abort()
  answer(firstOutput(job, 'a', LINE))
  expect(await ended).toBe('cut_off')
  expect((await received).status).toBe(503)
})

test('a caller that a stopping gateway disconnects during a look has not left: its job stays', async () => {
  const { store, job, call, ended, begun, gatewayStops } = await start()
  const { look, asked, answer } = slowLook()
  vi.spyOn(store.output, 'read').mockImplementation(look)
  call()
  await asked
  gatewayStops.abort()
  const response = await begun
  response.destroy()
  answer(firstOutput(job, 'a', LINE))
  expect(await ended).toBe('cut_off')
})

test('bytes of a claim that was lost are taken back, although the attempt has the same number again', async () => {
  const { store, job, call, ended } = await start()
  vi.spyOn(store.output, 'read')
    .mockResolvedValueOnce(firstOutput(job, 'a', '{"response":"lost","done":false}\n'))
    .mockResolvedValueOnce(firstOutput(job, 'b', LINE))
  const { received } = call()
  expect(await ended).toBe('broke_off')
  const { text, isComplete } = await received
  const lines = text.trimEnd().split('\n')
  expect(lines[0]).toContain('lost')
  expect(lines.slice(1)).toEqual([expect.stringContaining('error')])
  expect(isComplete).toBe(false)
})

test('nothing is taken back from a caller that has no byte of a claim that was lost', async () => {
  const { store, other, job, call, ended } = await start()
  const { pieces, ...seen } = firstOutput(job, 'a', '')
  vi.spyOn(store.output, 'read').mockResolvedValueOnce({ ...seen, pieces: pieces.slice(0, 1) })
  await runJob(other, LINE)
  const { received } = call()
  expect(await ended).toBe('delivered')
  expect(await received).toMatchObject({ status: 200, text: LINE, isComplete: true })
})

test.each([true, false])(
  'a caller whose job the queue no longer has is told so (streaming: %s)',
  async streaming => {
    const { store, call, ended } = await start({ streaming })
    vi.spyOn(store.output, 'view').mockResolvedValue(undefined)
    vi.spyOn(store.output, 'read').mockResolvedValue(undefined)
    const { received } = call()
    expect(await ended).toBe('gone')
    expect(await received).toMatchObject({
      status: 502,
      text: '{"error":"the queue no longer has this job"}',
      isComplete: true,
    })
  },
)

test('a caller whose job goes while it gets heartbeats is told so in the stream', async () => {
  const { store, call, ended } = await start({ silenceMs: 10 })
  const { text, received } = call()
  await expect.poll(text).toContain('\n')
  vi.spyOn(store.output, 'read').mockResolvedValue(undefined)
  expect(await ended).toBe('gone')
  expect((await received).text).toMatch(/\{"error":"the queue no longer has this job"\}\n$/)
})
