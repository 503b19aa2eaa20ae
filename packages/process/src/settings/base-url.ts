/**
 * The base URL of an HTTP server, normalised and without a trailing slash, so that a path can be appended to it. A path
 * in the text is kept.
 *
 * @returns undefined for anything but http and https, for a URL with user info, query or fragment, and for port 0
 */
export const parseBaseUrl = (text: string): string | undefined => {
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.port === '0' || /[?#@\s]/.test(text)) return undefined
  return url.href.replace(/\/+$/, '')
}

/** The text without its user info, so that a message can show it. */
export const withoutUserInfo = (text: string): string =>
  text.includes('@') ? text.replace(/^([a-z]+:\/*)?.*@/i, '$1…@') : text
