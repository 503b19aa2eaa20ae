import { rawHeaderLines } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'
import type { IncomingMessage } from 'node:http'

/** They belong to one connection (RFC 9110, section 7.6.1). */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** They are between the caller and foreman, and tell the target nothing it may know. */
const callersOwn = ['host', 'origin', 'cookie', 'authorization', 'proxy-authorization', 'x-api-key', 'expect']

const without = (headers: HeaderPairs, names: readonly string[]): HeaderPairs => {
  const connection = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(','))
  const dropped = new Set([...names, ...connection.map(name => name.trim().toLowerCase())])
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()))
}

/** What of a request's headers goes on to the target when it is passed on at once. */
export const forwardedHeaders = (request: IncomingMessage): HeaderPairs =>
  without(rawHeaderLines(request.rawHeaders), [...hopByHop, ...callersOwn])

/**
 * What of a request's headers is kept with a job: nothing of the page it came from, its body has its own length, and
 * an answer that is kept must be readable.
 */
export const jobHeaders = (request: IncomingMessage): HeaderPairs =>
  without(rawHeaderLines(request.rawHeaders), [
    ...hopByHop,
    ...callersOwn,
    'content-length',
    'accept-encoding',
  ])

/** What of an answer's headers goes on to the caller, as the flat list that Node writes without touching it. */
export const relayedHeaders = (headers: HeaderPairs, added: HeaderPairs = []): string[] =>
  [...without(headers, hopByHop), ...added].flat()
