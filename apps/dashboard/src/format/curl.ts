/** What would act on a terminal, or turn text round. JSON can say each of them with letters. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g

/** One word of a command line for a POSIX shell, whatever is in it. */
export const shellQuoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

interface Command {
  readonly url: string
  /** Whether a token is needed. Its value stays out of it. */
  readonly hasTokens: boolean
  /** The JSON that is sent, as it was written. */
  readonly json?: string
  /** Or the file whose lines of JSON are sent. */
  readonly jsonLinesIn?: string
}

/** A line for a shell that asks foreman. */
export const curlLine = ({ url, hasTokens, ...body }: Command): string => {
  const token = hasTokens ? ` -H "Authorization: Bearer $FOREMAN_TOKEN"` : ''
  return `curl${token} ${shellQuoted(url)}${bodyOf(body)}`
}

const bodyOf = ({ json, jsonLinesIn: file }: Pick<Command, 'json' | 'jsonLinesIn'>): string => {
  if (file !== undefined)
    return ` -H 'Content-Type: application/x-ndjson' --data-binary @${shellQuoted(file)}`
  if (json === undefined) return ''
  const escaped = json.replace(UNSAFE, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return ` -H 'Content-Type: application/json' -d ${shellQuoted(escaped)}`
}
