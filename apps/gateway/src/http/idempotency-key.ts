import type { IdempotencyKey } from '@foreman/store'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

const LONGEST_KEY = 255

/**
 * The key of a request, quoted or bare, and what makes the request the same as another: its path and its body.
 *
 * @returns undefined when it has none
 * @throws Refusal with 400 for a key that is none
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
  if (key === '' || key.length > LONGEST_KEY || !/^[\x20-\x7e]+$/.test(key))
    throw new Refusal(400, `Idempotency-Key must have 1 to ${LONGEST_KEY} printable characters`)
  return { key: `one ${key}`, hash: createHash('sha256').update(`${path}\0`).update(body).digest() }
}

/** The key of one job of a batch that came with a key. */
export const ofBatch = ({ key, hash }: IdempotencyKey, index: number): IdempotencyKey => ({
  key: `${index} of ${key}`,
  hash,
})
