import { HOP_BY_HOP_HEADERS, rawHeaderLines } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from './refusal.ts'

/** Headers between the caller and foreman. The target does not get them. */
const CALLER_HEADERS = [
  'host',
  'origin',
  'cookie',
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'expect',
  // The target may be a foreman, too. These are meant for the first one: the target would answer with a job of its own.
  'prefer',
  'idempotency-key',
]

const FOREMANS = /^x-foreman-/i

const FORWARDED_WITHOUT = [...HOP_BY_HOP_HEADERS, ...CALLER_HEADERS]

/** A job's body is sent with its own length, and foreman must be able to read the stored answer. */
const STORED_WITHOUT = [...FORWARDED_WITHOUT, 'content-length', 'accept-encoding']

/** The headers without those named, and without those that `Connection` names. */
const without = (headers: HeaderPairs, names: readonly string[]): HeaderPairs => {
  const connection = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(','))
  const dropped = new Set([...names, ...connection.map(name => name.trim().toLowerCase())])
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()))
}

/** The headers of a request that the direct lane sends to the target. */
export const forwardedHeaders = (request: IncomingMessage): HeaderPairs =>
  without(linesFor(request), FORWARDED_WITHOUT)

/** The headers of a request that are stored with its job. */
export const jobHeaders = (request: IncomingMessage): HeaderPairs =>
  without(linesFor(request), STORED_WITHOUT)

const linesFor = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): HeaderPairs =>
  rawHeaderLines(rawHeaders).filter(([name]) => !FOREMANS.test(name))

/**
 * The headers of an answer that go to the caller, as the flat list that Node writes unchanged. If the target is a foreman,
 * too, its job is none of the caller's.
 */
export const relayedHeaders = (headers: HeaderPairs, added: HeaderPairs = []): string[] => {
  const replaced = ['x-foreman-job-id', ...added.map(([name]) => name.toLowerCase())]
  return [...without(headers, [...HOP_BY_HOP_HEADERS, ...replaced]), ...added].flat()
}

/** The head of an answer of the target. */
export interface RelayedHead {
  readonly status: number
  /** Default: the usual reason phrase of the status. */
  readonly statusMessage?: string
  readonly headers: HeaderPairs
}

/**
 * Writes the head of the target's answer, and headers of foreman's own.
 *
 * @throws Refusal with 502 when Node cannot write it, such as for a status of two digits. Nothing has been sent then
 */
export const writeRelayedHead = (
  response: ServerResponse,
  { status, statusMessage, headers }: RelayedHead,
  added: HeaderPairs = [],
): void => {
  const lines = relayedHeaders(headers, added)
  try {
    if (statusMessage === undefined) response.writeHead(status, lines)
    else response.writeHead(status, statusMessage, lines)
  } catch (error) {
    throw new Refusal(502, 'the head of the answer of the Ollama server behind foreman cannot be relayed', {
      cause: error,
    })
  }
}
