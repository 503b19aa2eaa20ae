import { bytesOf } from '../bytes.ts'
import type { RawFields } from './raw-fields.ts'

/** A JSON text in parts, which are texts and their UTF-8 bytes. */
export type JsonText = string | Uint8Array<ArrayBuffer> | readonly JsonText[]

/** Writes an object. A field that is undefined is left out. */
export const objectText = (
  fields: Iterable<readonly [name: string, value: JsonText | undefined]>,
): JsonText => {
  const parts: JsonText[] = []
  for (const [name, value] of fields) {
    if (value !== undefined) parts.push(parts.length === 0 ? '{' : ',', `${JSON.stringify(name)}:`, value)
  }
  return parts.length === 0 ? '{}' : [...parts, '}']
}

export const listText = (elements: readonly JsonText[]): JsonText => [
  '[',
  ...elements.flatMap((element, index) => (index === 0 ? [element] : [',', element])),
  ']',
]

/** Fields with others in place of some of them. A field that is undefined replaces the one before, too. */
export const fieldsWith = (
  fields: RawFields,
  others: Readonly<Record<string, JsonText | undefined>>,
): Map<string, JsonText | undefined> =>
  new Map<string, JsonText | undefined>([...fields, ...Object.entries(others)])

/** Parts are gathered up to this length. */
const PART_CHARACTERS = 16 * 1024

/** Yields the bytes of a JSON text. The parts have some kilobytes, or as many as one value has that came in one part. */
export const bytesOfJson = function* (json: JsonText): Generator<Uint8Array<ArrayBuffer>, void> {
  let gathered = ''
  for (const part of leavesOf(json)) {
    if (typeof part === 'string') gathered += part
    if (gathered.length > 0 && (typeof part !== 'string' || gathered.length >= PART_CHARACTERS)) {
      yield bytesOf(gathered)
      gathered = ''
    }
    if (typeof part !== 'string') yield part
  }
  if (gathered.length > 0) yield bytesOf(gathered)
}

const leavesOf = function* (json: JsonText): Generator<string | Uint8Array<ArrayBuffer>, void> {
  if (typeof json === 'string' || json instanceof Uint8Array) yield json
  else for (const part of json) yield* leavesOf(part)
}

/** A text that grows by many small parts. It is kept as bytes: texts cut out of lines would keep these in memory. */
export class GrowingText {
  readonly #kept: Uint8Array<ArrayBuffer>[] = []
  #latest = ''

  add(text: string): void {
    this.#latest += text
    if (this.#latest.length < PART_CHARACTERS) return
    this.#kept.push(bytesOf(this.#latest))
    this.#latest = ''
  }

  parts(): JsonText {
    return [...this.#kept, this.#latest]
  }
}
