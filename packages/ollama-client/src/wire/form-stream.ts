import { boundaryIn, delimiterEnd, MAX_PART_HEADER_BYTES, MAX_PARTS, partHeader } from './multipart.ts'

/** What comes of a form. `data` belongs to the part before it. */
export type FormPiece =
  | { readonly kind: 'part'; readonly name: string; readonly filename: string | undefined }
  | { readonly kind: 'data'; readonly bytes: Buffer }

/** A form that is written in no way in which programs write forms, or breaks off. */
export class FormError extends Error {
  override readonly name = 'FormError'
}

/** What follows a boundary is decided once so much is there. */
const LONGEST_DELIMITER_LINE = 256

/**
 * Reads a `multipart/form-data` body while it comes, with no more of it in memory than comes at a time.
 *
 * @throws FormError
 */
export const formPiecesOf = async function* (
  contentType: string,
  body: AsyncIterable<Buffer>,
): AsyncGenerator<FormPiece, void> {
  const boundary = boundaryIn(contentType)
  if (boundary === undefined) throw new FormError('the body is not multipart/form-data with a boundary')
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first boundary needs no line break before it.
  let rest: Buffer = Buffer.from('\r\n')
  let parts = 0
  let isComplete = false
  let state: 'before' | 'delimiter' | 'header' | 'begin' | 'data' | 'end' = 'before'
  /** Reads as far as what is there goes. @param isAll nothing more comes @returns whether the form is complete */
  const read = function* (isAll: boolean): Generator<FormPiece, boolean> {
    for (;;) {
      switch (state) {
        case 'end':
          return true
        case 'before':
        case 'begin':
          if (rest.byteLength < delimiter.byteLength && !isAll) return false
          if (rest.subarray(0, delimiter.byteLength).equals(delimiter)) state = 'delimiter'
          else if (state === 'before') throw new FormError('the form does not begin with its boundary')
          else {
            // The end of the header, which would have been that of an empty part, too.
            rest = rest.subarray(2)
            state = 'data'
          }
          break
        case 'data': {
          const found = rest.indexOf(delimiter)
          const end = found === -1 ? Math.max(0, rest.byteLength - delimiter.byteLength + 1) : found
          if (end > 0) yield { kind: 'data', bytes: rest.subarray(0, end) }
          rest = rest.subarray(end)
          if (found === -1) return false
          state = 'delimiter'
          break
        }
        case 'delimiter': {
          const at = delimiter.byteLength
          if (!isAll && rest.byteLength < at + LONGEST_DELIMITER_LINE && !rest.includes('\r\n', at))
            return false
          const line = delimiterEnd(rest, at)
          if (line === undefined) throw new FormError('the form has a broken boundary')
          if (line === 'data') {
            yield { kind: 'data', bytes: rest.subarray(0, 1) }
            rest = rest.subarray(1)
            state = 'data'
          } else if (line === 'last') state = 'end'
          else {
            rest = rest.subarray(line)
            state = 'header'
          }
          break
        }
        case 'header': {
          const header = partHeader(rest, 0)
          if (!header) {
            if (rest.byteLength < MAX_PART_HEADER_BYTES && !rest.includes('\r\n\r\n')) return false
            throw new FormError('a part of the form has a broken header')
          }
          if (++parts > MAX_PARTS) throw new FormError('the form has too many parts')
          rest = rest.subarray(header.end - 2)
          state = 'begin'
          yield { kind: 'part', name: header.name, filename: header.filename }
        }
      }
    }
  }
  for await (const bytes of body) {
    // What follows a form belongs to nobody.
    if (isComplete) continue
    rest = Buffer.concat([rest, bytes])
    isComplete = yield* read(false)
  }
  if (!isComplete && !(yield* read(true))) throw new FormError('the form breaks off')
}
