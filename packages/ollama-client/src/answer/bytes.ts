const encoder = new TextEncoder()
/** Leaves out a byte order mark, which no JSON parser takes. */
const decoder = new TextDecoder()

/** The UTF-8 bytes of a text. */
export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

/** The text of UTF-8 bytes that came in chunks, without a byte order mark. Bytes that are not UTF-8 become U+FFFD. */
export const textOf = (chunks: readonly Uint8Array[]): string => {
  const [first, second] = chunks
  if (first === undefined) return ''
  return decoder.decode(second === undefined ? first : joined(chunks))
}

/** The chunks as one. */
export const joined = (chunks: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
