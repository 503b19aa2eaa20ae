/** An origin whose scheme has no usual port, such as `app://obsidian.md`. */
const OTHER_ORIGIN = /^(?!(?:https?|wss?|ftp):)[a-z][a-z0-9+-]*:\/\/[a-z0-9._~:[\]-]*$/
const WEB_ORIGIN = /^https?:\/\/[^\s/\\?#@"'`;,|<>]+$/
const USUAL_PORT = /^(http:.*):80$|^(https:.*):443$/
/** What a `*` may stand for: the scheme, a part of the host, the port, or several of these. */
const STAND_INS = [
  '',
  'a',
  's',
  '1',
  ':1',
  'a.a',
  'a:1',
  'https',
  'https://',
  'https://a',
  'http://a',
  's://a',
]

/**
 * Reads an entry of the list of origins: an origin, `null`, `*`, or an origin in which one `*` stands for any text.
 *
 * @returns the entry as a browser would send it, with its `*`; undefined when no page has such an origin
 */
export const readOrigin = (entry: string): string | undefined => {
  const text = entry.toLowerCase().replace(/^([^/]+:\/\/[^/]+)\/$/, '$1')
  if (text === '*' || text === 'null') return text
  const [start = '', end, ...more] = text.split('*')
  if (end === undefined) return canonicalOrigin(text)
  const beginsWithScheme = text.includes('://') || 'http://'.startsWith(start) || 'https://'.startsWith(start)
  if (more.length > 0 || !beginsWithScheme) return undefined
  // A browser never sends a usual port, so it is removed. It stays directly behind a `*`: without it, the `*` would match
  // any port.
  const pattern = end === ':80' || end === ':443' ? text : text.replace(USUAL_PORT, '$1$2')
  return STAND_INS.some(each => isCanonical(pattern.replace('*', each))) ? pattern : undefined
}

const canonicalOrigin = (text: string): string | undefined => {
  if (OTHER_ORIGIN.test(text)) return text
  if (!WEB_ORIGIN.test(text) || !URL.canParse(text)) return undefined
  const { port, origin } = new URL(text)
  return port === '0' ? undefined : origin
}

const isCanonical = (text: string): boolean => canonicalOrigin(text) === text
