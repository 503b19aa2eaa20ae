/** The pages that may call a local Ollama unasked: those of this machine, and applications that are no web page. */
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

/** Decides about an `Origin`; `any` says that it need not even be named. */
export interface OriginPolicy {
  readonly any: boolean
  allows(origin: string): boolean
}

/**
 * Origins as Ollama has them: its defaults, and a comma-separated list on top. An entry may hold one `*`.
 *
 * @returns undefined when an entry holds more than one
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
