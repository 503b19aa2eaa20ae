import type { IdempotencyKey } from '@foreman/store'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

const MAX_KEY_LENGTH = 255

/**
 * Reads the `Idempotency-Key` of a request, quoted or bare, and hashes its path and body. A request with the same key
 * and the same hash is a repetition.
 *
 * @returns undefined when the request has no key
 * @throws Refusal with 400 when the key is empty, too long or not printable
 */
export const idempotencyOf = (
  { headers }: Pick<IncomingMessage, 'headers'>,
  path: string,
  body: Buffer,
): IdempotencyKey | undefined => {
  const header = headers['idempotency-key']
  if (header === undefined) return undefined
  const text = [header].flat().join(',').trim()
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text
  if (key === '' || key.length > MAX_KEY_LENGTH || !/^[\x20-\x7e]+$/.test(key))
    throw new Refusal(400, `Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} printable characters`)
  return { key: `one ${key}`, hash: createHash('sha256').update(`${path}\0`).update(body).digest() }
}

/** The key of one job of a batch, made from the key of the batch and the job's index. */
export const keyOfBatchJob = ({ key, hash }: IdempotencyKey, index: number): IdempotencyKey => ({
  key: `${index} of ${key}`,
  hash,
})
