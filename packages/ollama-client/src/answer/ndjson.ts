import { StreamError } from '../errors.ts'

const LINE_FEED = 0x0a

/**
 * Yields the JSON values of a newline-delimited stream, each as soon as its line is complete. Only `\n` ends a line, and the
 * last line needs none. A line may have any length and may begin with spaces, which are heartbeats. Blank lines are skipped.
 *
 * @throws StreamError when a line is not JSON
 * @throws the error of the source when reading it fails
 */
export const parseLines = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<unknown, void, undefined> {
  for await (const bytes of linesIn(source)) {
    const line = bytes.toString().trim()
    if (line !== '') yield parseLine(line)
  }
}

/**
 * Yields the lines of a stream as their bytes, each as soon as it is complete. Only `\n` ends a line, and the last line needs
 * none. Blank lines are lines, too.
 *
 * @throws the error of the source when reading it fails
 */
export const linesIn = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  // The chunks of a line are joined only once: to join them again for each new chunk would take quadratic time.
  let line: Uint8Array[] = []
  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      line.push(chunk.subarray(start, end))
      yield Buffer.concat(line)
      line = []
      start = end + 1
    }
    if (start < chunk.length) line.push(chunk.subarray(start))
  }
  if (line.length > 0) yield Buffer.concat(line)
}

/** @throws StreamError when the line is not JSON */
export const parseLine = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch (cause) {
    // The message does not quote the line: it may hold a prompt or an answer, and messages end up in logs.
    throw new StreamError('a line of the stream is not JSON', { cause })
  }
}
