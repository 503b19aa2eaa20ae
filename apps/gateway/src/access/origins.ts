import { listEntries } from './list-entries.ts'
import { readOrigin } from './read-origin.ts'

/** The origins that Ollama allows without being told: pages from this machine, and desktop applications. */
const DEFAULT_ORIGINS = [
  ...['localhost', '127.0.0.1', '0.0.0.0'].flatMap(host =>
    ['http', 'https'].flatMap(scheme => [`${scheme}://${host}`, `${scheme}://${host}:*`]),
  ),
  'app://*',
  'file://*',
  'tauri://*',
  'vscode-webview://*',
  'vscode-file://*',
]

/** Decides which web pages may call. */
export interface OriginPolicy {
  /** Every page may call. */
  readonly any: boolean
  /** @param origin the `Origin` header of a request */
  allows(origin: string): boolean
}

/**
 * Allows the origins that Ollama allows, and those of a comma-separated list. An entry may contain one `*`. A slash at the
 * end of an entry and the usual port of its scheme are left out, because a browser does not send them.
 *
 * @returns undefined when an entry can match no origin
 */
export const originPolicy = (added: string): OriginPolicy | undefined => {
  const entries = listEntries(added)
  const extra = entries.map(readOrigin).filter(entry => entry !== undefined)
  if (extra.length < entries.length) return undefined
  const patterns = [...DEFAULT_ORIGINS, ...extra]
  return {
    any: extra.includes('*'),
    allows: origin => patterns.some(pattern => matches(pattern, origin.toLowerCase())),
  }
}

const matches = (pattern: string, origin: string): boolean => {
  const [start = '', end] = pattern.toLowerCase().split('*')
  if (end === undefined) return origin === start
  return origin.length >= start.length + end.length && origin.startsWith(start) && origin.endsWith(end)
}
