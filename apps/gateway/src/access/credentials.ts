import type { IncomingHttpHeaders } from 'node:http'

export interface Credentials {
  /** What may be a token, at most one from each header. */
  readonly tokens: readonly string[]
  /** The request does not say who sends it: it has no credentials, or a header for them with nothing in it. */
  readonly areMissing: boolean
}

/**
 * Reads `Authorization: Bearer TOKEN`, `Authorization: Basic …` (RFC 7617) and `X-Api-Key: TOKEN`. In Basic credentials
 * the token is the password, with any user name: many programs send these for `http://any:TOKEN@host`. Without a password
 * the user name is the token, because programs send `http://TOKEN@host` like that.
 */
export const credentialsIn = ({
  authorization = '',
  'x-api-key': apiKey = '',
}: IncomingHttpHeaders): Credentials => {
  const found = [tokenIn(authorization), String(apiKey)]
  return {
    tokens: found.flatMap(token => token || []),
    areMissing: found.every(token => token === ''),
  }
}

/** @returns an empty text if there is no token, and undefined for credentials that cannot be read */
const tokenIn = (authorization: string): string | undefined => {
  const [, scheme = '', rest = ''] = /^(\S*) *(.*)$/.exec(authorization) ?? []
  switch (scheme.toLowerCase()) {
    case '':
      return ''
    case 'bearer':
      return rest
    case 'basic':
      return rest === '' ? '' : tokenInBasic(rest)
    default:
      return undefined
  }
}

const tokenInBasic = (base64: string): string | undefined => {
  // Node would skip characters that are no base64.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const [, user, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(base64, 'base64').toString()) ?? []
  return password || user
}
