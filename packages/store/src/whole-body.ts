import { setImmediate } from 'node:timers/promises'
import type { Records } from './contract.ts'

interface StoredBody {
  readonly seq: number
  readonly body: Buffer
  readonly parts: number
}

/**
 * Reads the body of a request. One in parts is read in as many turns of the event loop.
 *
 * @returns undefined when the request has been deleted meanwhile
 */
export const wholeBody = async (
  records: Pick<Records, 'requestBytes' | 'requestPart'>,
  { seq, body, parts }: StoredBody,
): Promise<Buffer | undefined> => {
  if (parts === 0) return body
  // Each part is copied in its own turn: to copy all of them at once would take long.
  const whole = Buffer.allocUnsafeSlow(await records.requestBytes(seq))
  let bytes = 0
  for (let n = 0; n < parts; n++) {
    const part = await records.requestPart(seq, n)
    if (!part) return undefined
    bytes += part.copy(whole, bytes)
    await setImmediate()
  }
  return whole
}
