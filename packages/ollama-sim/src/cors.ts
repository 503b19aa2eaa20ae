import { isIP } from 'node:net'
import os from 'node:os'

const ORIGINS = [
  /^https?:\/\/(localhost|127\.0\.0\.1|0\.0\.0\.0)(:.*)?$/,
  /^(app|file|tauri|vscode-webview|vscode-file):\/\/.*$/,
]

const ALLOWED_HEADERS =
  'Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout'

/** What to do about an `Origin`: nothing, refuse the request, or let it pass with headers. */
export type OriginVerdict = 'same' | 'refused' | 'allowed'

export const judgeOrigin = (origin: string | undefined, host: string | undefined): OriginVerdict => {
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return 'same'
  return ORIGINS.some(allowed => allowed.test(origin)) ? 'allowed' : 'refused'
}

/** Headers of the answer to a browser's pre-flight. */
export const preflightHeaders = (origin: string): Record<string, string | string[]> => ({
  'Access-Control-Allow-Headers': ALLOWED_HEADERS,
  'Access-Control-Allow-Methods': 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS',
  'Access-Control-Allow-Origin': origin,
  'Access-Control-Max-Age': '43200',
  Vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
})

const LOCAL_SUFFIX = /(^|\.)(localhost|local|internal)$/

/** Whether a server bound to loopback answers to that `Host`: names of this machine and private addresses. */
export const hostAllowed = (host: string | undefined): boolean => {
  const name = (host ?? '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  if (name === '' || name === os.hostname().toLowerCase() || LOCAL_SUFFIX.test(name)) return true
  const family = isIP(name)
  if (family === 4) return /^(127|10|0)\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\./.test(name)
  return family === 6 && /^(::1?|f[cd].*)$/.test(name)
}
