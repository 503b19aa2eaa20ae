const SPACE = 0x20

const isLineBreak = (byte: number): boolean => byte === 0x0a || byte === 0x0d

/** A part of some JSON without its line breaks: where JSON has one, it may as well have a space. */
export const onOneLine = (json: string | Uint8Array): string | Uint8Array => {
  if (typeof json === 'string') return json.replaceAll(/[\r\n]/g, ' ')
  return json.some(isLineBreak) ? json.map(byte => (isLineBreak(byte) ? SPACE : byte)) : json
}
