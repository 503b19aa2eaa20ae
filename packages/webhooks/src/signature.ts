import { createHmac } from 'node:crypto'
import { keyOf } from './secret.ts'

/** HMAC-SHA256 over `id.timestamp.body`: the `v1` scheme of Standard Webhooks 1.0. */
export const signatureOf = (secret: string, id: string, timestamp: string, body: string | Buffer): Buffer =>
  createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest()
