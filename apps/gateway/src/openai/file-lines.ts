import type { FileRow, Store } from '@foreman/store'
import { whenAvailable } from '../http/when-available.ts'

const LINE_FEED = 0x0a

export interface FileLine {
  /** The number of the line, from 1. */
  readonly line: number
  /** Undefined: it is too long. */
  readonly bytes: Buffer | undefined
}

/** The parts of a file, one after the other. */
export const partsOf = async function* (
  file: Pick<FileRow, 'seq'>,
  { files }: Pick<Store, 'files'>,
): AsyncGenerator<Buffer, void> {
  for (let n = 0; ; n++) {
    const part = await whenAvailable(() => files.part(file, n))
    if (!part) return
    yield part
  }
}

/** The lines that have more than spaces in them. No more than a line and a part is in memory at a time. */
export const linesIn = async function* (
  parts: AsyncIterable<Buffer>,
  maxLineBytes: number,
): AsyncGenerator<FileLine, void> {
  let line = 1
  let begun: Buffer[] = []
  let length = 0
  const add = (bytes: Buffer): void => {
    length += bytes.byteLength
    if (length > maxLineBytes) begun = []
    else if (bytes.byteLength > 0) begun.push(bytes)
  }
  const end = (): FileLine | undefined => {
    const bytes = length > maxLineBytes ? undefined : joined(begun)
    const ended = { line: line++, bytes }
    begun = []
    length = 0
    return bytes && isBlank(bytes) ? undefined : ended
  }
  for await (const part of parts) {
    let start = 0
    for (let feed = part.indexOf(LINE_FEED); feed !== -1; feed = part.indexOf(LINE_FEED, start)) {
      add(part.subarray(start, feed))
      start = feed + 1
      const ended = end()
      if (ended) yield ended
    }
    add(part.subarray(start))
  }
  const last = end()
  if (last) yield last
}

const joined = (pieces: readonly Buffer[]): Buffer =>
  pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)

const isBlank = (bytes: Buffer): boolean => bytes.every(byte => byte <= 0x20)
