import type { ThroughFacts } from '../facts.ts'
import { ask } from './ask.ts'
import { lookAtGateway } from './gateway.ts'

export interface ThroughOptions {
  readonly token: string | undefined
  /** The first event of a stream comes at once. */
  readonly firstEventMs?: number
  /** A heartbeat comes within this time. foreman sends one every 15 s. */
  readonly heartbeatMs?: number
  readonly bodyBytes?: number
}

/** Tries a public address of foreman's: what the proxies on the way do to streams, to silence, to large bodies and to names. */
export const lookThrough = async (
  url: string,
  { token, firstEventMs = 10_000, heartbeatMs = 40_000, bodyBytes = 4_000_000 }: ThroughOptions,
): Promise<ThroughFacts> => {
  const { state, problem } = await lookAtGateway(url)
  if (state !== 'foreman') return { url, isForeman: false, problem }
  return {
    url,
    isForeman: true,
    bodyBytes,
    isBodyTaken: await isBodyTaken(url, bodyBytes),
    isHostKept: await isHostKept(url),
    ...(await streamOf(`${url}/queue/events`, { token, firstEventMs, heartbeatMs })),
  }
}

/** Sends what is no job, so that foreman refuses it once it has all of it. A proxy that takes less answers itself. */
const isBodyTaken = async (url: string, bytes: number): Promise<boolean> => {
  const body = JSON.stringify({ foreman_doctor: 'x'.repeat(bytes) })
  const headers = { 'content-type': 'application/json' }
  try {
    const { type } = await ask(`${url}/jobs`, { method: 'POST', headers, body })
    return type.startsWith('application/problem+json')
  } catch {
    return false
  }
}

/** A page of the public address is one of foreman's own if foreman sees that name. To any other it answers 403. */
const isHostKept = async (url: string): Promise<boolean> =>
  (await ask(`${url}/queue/you`, { headers: { origin: new URL(url).origin } })).status !== 403

type Waits = Required<Pick<ThroughOptions, 'firstEventMs' | 'heartbeatMs'>> & Pick<ThroughOptions, 'token'>

/** Opens a stream on which an event comes at once, and then heartbeats. */
const streamOf = async (
  url: string,
  { token, firstEventMs, heartbeatMs }: Waits,
): Promise<Pick<ThroughFacts, 'stream' | 'cutAfterMs'>> => {
  const controller = new AbortController()
  let [isHeldBack, lastAt] = [false, performance.now()]
  const holdBack = (): void => {
    isHeldBack = true
    controller.abort()
  }
  let timer = setTimeout(holdBack, firstEventMs)
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(url, { headers, signal: controller.signal })
    if (response.status !== 200 || !response.body) return {}
    let isFirst = true
    for await (const chunk of response.body) {
      lastAt = performance.now()
      if (/^:/m.test(new TextDecoder().decode(chunk))) return { stream: 'comes' }
      if (!isFirst) continue
      isFirst = false
      clearTimeout(timer)
      timer = setTimeout(holdBack, heartbeatMs)
    }
  } catch {
    if (isHeldBack) return { stream: 'held_back' }
  } finally {
    clearTimeout(timer)
    controller.abort()
  }
  return { stream: 'cut', cutAfterMs: performance.now() - lastAt }
}
