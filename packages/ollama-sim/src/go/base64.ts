const ALPHABET = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'))

/** The offset at which Go's standard base64 decoder gives up, or undefined when the text is right. */
const firstBadByte = (text: string): number | undefined => {
  let at = 0
  const skipNewlines = () => {
    while (text[at] === '\n' || text[at] === '\r') at++
  }
  for (;;) {
    for (let place = 0; place < 4; place++) {
      skipNewlines()
      if (at >= text.length) return place === 0 ? undefined : at - place
      const char = text.charCodeAt(at++)
      if (ALPHABET.has(char)) continue
      if (char !== 0x3d || place < 2) return at - 1
      if (place === 2) {
        skipNewlines()
        if (at >= text.length) return text.length
        if (text[at] !== '=') return at - 1
        at++
      }
      skipNewlines()
      return at < text.length ? at : undefined
    }
  }
}

/** Throws with the text of Go's encoding/base64 when `text` is not padded standard base64. */
export const checkBase64 = (text: string): void => {
  const bad = firstBadByte(text)
  if (bad !== undefined) throw new Error(`illegal base64 data at input byte ${bad}`)
}
