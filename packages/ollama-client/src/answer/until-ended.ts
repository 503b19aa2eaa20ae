import type { Readable } from 'node:stream'
import type { AnswerCheck } from './check.ts'

/** How long the connection may stay open behind the last piece of an answer. */
const SILENCE_MS = 1_000
const LOOK_MS = 250

/**
 * Yields the chunks of a body, and ends when the answer has ended: when the body ends, or by the last piece of the answer
 * itself. When nothing but blanks and comments has followed that piece for a second, the body is destroyed; when the
 * connection breaks off behind it, that does not matter.
 *
 * @param check gets each chunk before it is yielded
 * @throws the error of the body when that fails before the answer has ended
 */
export const untilEnded = async function* (
  body: Readable,
  check: Pick<AnswerCheck, 'push' | 'hasEnded'>,
): AsyncGenerator<Buffer, void, undefined> {
  let endedAt: number | undefined
  // While a chunk is with the reader, more of the answer may have arrived than the check has seen.
  let isWaiting = true
  const look = setInterval(() => {
    if (!isWaiting) return
    const now = performance.now()
    endedAt = check.hasEnded() ? (endedAt ?? now) : undefined
    if (endedAt !== undefined && now - endedAt >= SILENCE_MS) body.destroy()
  }, LOOK_MS)
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      isWaiting = false
      check.push(chunk)
      yield chunk
      isWaiting = true
    }
  } catch (error) {
    if (!check.hasEnded()) throw error
  } finally {
    clearInterval(look)
  }
}
