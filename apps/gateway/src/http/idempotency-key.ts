import type { Steps } from '@foreman/ollama-client'
import type { IdempotencyKey } from '@foreman/store'
import { createHash, hash as hashOf, type Hash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

const MAX_KEY_LENGTH = 255
/** How much is hashed between two pauses. It takes less than a millisecond. */
const STEP_BYTES = 256 * 1024

/**
 * Reads the `Idempotency-Key` of a request, quoted or bare, and hashes its path and body. A request with the same key
 * and the same hash is a repetition.
 *
 * @param body the bytes, or those pieces of them that a repetition has too
 * @returns undefined when the request has no key
 * @throws Refusal with 400 when the key is empty, too long or not printable
 */
export const idempotencyOf = function* (
  request: Pick<IncomingMessage, 'headers'>,
  path: string,
  body: Buffer | readonly Buffer[],
): Steps<IdempotencyKey | undefined> {
  const key = keyOf(request)
  return key === undefined ? undefined : { key: `one ${key}`, hash: yield* requestHash(path, body) }
}

const keyOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined => {
  const header = headers['idempotency-key']
  if (header === undefined) return undefined
  const text = [header].flat().join(',').trim()
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text
  if (key === '' || key.length > MAX_KEY_LENGTH || !/^[\x20-\x7e]+$/.test(key))
    throw new Refusal(400, `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} printable characters`)
  return key
}

/** A hash of a request, by which a repetition is recognised. */
export const requestHash = function* (path: string, body: Buffer | readonly Buffer[]): Steps<Buffer> {
  // In one call where it can be: most requests are small, and the call costs a third of the steps.
  if (Buffer.isBuffer(body) && body.byteLength <= STEP_BYTES)
    return hashOf('sha256', Buffer.concat([Buffer.from(`${path}\0`), body]), 'buffer')
  const hash = createHash('sha256').update(`${path}\0`)
  if (Buffer.isBuffer(body)) yield* updateWith(hash, body)
  else
    for (const piece of body) {
      // With its length, so that the same bytes cut elsewhere have another hash.
      hash.update(`${piece.byteLength}\0`)
      yield* updateWith(hash, piece)
    }
  return hash.digest()
}

const updateWith = function* (hash: Hash, bytes: Buffer): Steps<void> {
  for (let at = 0; at < bytes.byteLength; at += STEP_BYTES) {
    if (at > 0) yield
    hash.update(bytes.subarray(at, at + STEP_BYTES))
  }
}

/** The key of one job of a batch, made from the key of the batch and the job's index. */
export const keyOfBatchJob = ({ key, hash }: IdempotencyKey, index: number): IdempotencyKey => ({
  key: `${index} of ${key}`,
  hash,
})
