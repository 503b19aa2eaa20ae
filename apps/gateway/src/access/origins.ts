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
 * Allows the origins that Ollama allows, and those of a comma-separated list. An entry may contain one `*`.
 *
 * @returns undefined when an entry contains more than one
 */
export const originPolicy = (added: string): OriginPolicy | undefined => {
  const extra = added
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
  if (extra.some(entry => entry.split('*').length > 2)) return undefined
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
