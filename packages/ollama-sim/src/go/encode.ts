const ESCAPED = /[<>&\u2028\u2029]/g

/** JSON as Go's encoder writes it: `<`, `>`, `&`, U+2028 and U+2029 are escaped. Keys keep their order. */
export const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(ESCAPED, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Text in double quotes as Go's `%q` prints it, for what error messages quote. */
export const goQuote = (text: string): string => JSON.stringify(text)
