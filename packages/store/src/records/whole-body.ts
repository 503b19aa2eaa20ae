import { setImmediate } from 'node:timers/promises'
import type { Records } from './records.ts'

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
  records: Pick<Records, 'requestPart'>,
  { seq, body, parts }: StoredBody,
): Promise<Buffer | undefined> => {
  if (parts === 0) return body
  const read: Buffer[] = []
  for (let n = 0; n < parts; n++) {
    const part = records.requestPart(seq, n)
    if (!part) return undefined
    read.push(part)
    await setImmediate()
  }
  return Buffer.concat(read)
}
