import { SettingError } from './errors.ts'

/** Only spaces and tabs are blanks: a no-break space, copied from a web page, would become part of the name. */
const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?(?<name>[A-Za-z_][\w.-]*)[ \t]*=(?<rest>.*)$/s
const NO_ASSIGNMENT = /^[ \t]*(?:#.*)?$/s
const COMMENT = /[ \t]#.*$/s
const QUOTED = /^[ \t]*(?<quote>["'`])(?<begun>.*)$/s

/**
 * Reads the lines of an env file: `NAME=value`, with `export` before it or not, comments and blank lines. A value may be
 * in quotes, and then go on over several lines; between double quotes, `\n` is a line feed.
 *
 * `parseEnv` of Node reads the same, but skips what it cannot read, ends a value at any `#`, and takes the line after
 * `NAME=` and a blank for the value.
 *
 * @throws SettingError with the number of the line, and without its text, which may be a secret
 */
export const readEnvLines = (path: string, text: string): Record<string, string> => {
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''))
  const variables = new Map<string, string>()
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    const refuse = (what: string) => new SettingError(`${path}, line ${at + 1}: ${what}`)
    if (NO_ASSIGNMENT.test(line)) continue
    if (line.includes('\r')) throw refuse('it contains a carriage return; each line must end in a line feed')
    const { name, rest } = ASSIGNMENT.exec(line)?.groups ?? {}
    if (name === undefined || rest === undefined) throw refuse('it must be NAME=value, a comment or blank')
    const { quote, begun } = QUOTED.exec(rest)?.groups ?? {}
    if (quote === undefined || begun === undefined) {
      const value = rest.replace(COMMENT, '').trim()
      if (value.includes('#')) throw refuse('a value that contains # must be in quotes')
      variables.set(name, value)
      continue
    }
    const quoted = readQuoted(quote, [begun, ...lines.slice(at + 1)])
    if (!quoted) throw refuse(`the ${quote} that begins the value has no counterpart`)
    if (!NO_ASSIGNMENT.test(quoted.behind)) throw refuse(`only a comment may follow the closing ${quote}`)
    variables.set(name, quote === '"' ? quoted.value.replaceAll('\\n', '\n') : quoted.value)
    at += quoted.moreLines
  }
  return Object.fromEntries(variables)
}

interface Quoted {
  readonly value: string
  /** How many lines more than one the value takes. */
  readonly moreLines: number
  /** The rest of its last line. */
  readonly behind: string
}

const readQuoted = (quote: string, lines: readonly string[]): Quoted | undefined => {
  const last = lines.findIndex(line => line.includes(quote))
  if (last === -1) return undefined
  const end = lines[last]!.indexOf(quote)
  const value = [...lines.slice(0, last), lines[last]!.slice(0, end)].join('\n')
  return { value, moreLines: last, behind: lines[last]!.slice(end + 1) }
}
