/**
 * The base of an HTTP server, normalised and without a trailing slash, so that a path can be put behind it.
 * http or https only; a path is kept, user info, query and fragment are refused (undefined), as is anything else.
 */
export const parseBaseUrl = (text: string): string | undefined => {
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || /[?#@\s]/.test(text)) return undefined
  return url.href.replace(/\/+$/, '')
}

/** The same text with user info taken out, fit for a message. */
export const withoutUserInfo = (text: string): string =>
  text.includes('@') ? text.replace(/^([a-z]+:\/*)?.*@/i, '$1…@') : text
