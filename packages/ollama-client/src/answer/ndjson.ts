import { StreamError } from '../errors.ts'

const LINE_FEED = 0x0a

/**
 * The JSON values of a newline-delimited stream, each as soon as its line is complete. Lines end at `\n` only, may
 * be of any length, may begin with spaces (a server's heartbeat), and the last one needs no `\n`; blank lines are
 * skipped.
 *
 * @throws StreamError for a line that is not JSON; whatever the source fails with.
 */
export const parseLines = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<unknown, void, undefined> {
  // Kept as pieces: joining a long line anew for every chunk of it would be quadratic.
  let line: Uint8Array[] = []
  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      line.push(chunk.subarray(start, end))
      yield* parseLine(line)
      line = []
      start = end + 1
    }
    if (start < chunk.length) line.push(chunk.subarray(start))
  }
  yield* parseLine(line)
}

const parseLine = (pieces: Uint8Array[]): unknown[] => {
  const text = Buffer.concat(pieces).toString().trim()
  if (text === '') return []
  try {
    return [JSON.parse(text)]
  } catch (cause) {
    // The line itself may hold a prompt or an answer: not for a message that ends in a log.
    throw new StreamError('a line of the stream is not JSON', { cause })
  }
}
