import { isIPv6 } from 'node:net'

/** Where to listen: every interface when `host` is absent; port 0 lets the system choose one. */
export interface Address {
  readonly host: string | undefined
  readonly port: number
}

/** An address such as `:8080`, `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`; undefined for anything else. */
export const parseAddress = (text: string): Address | undefined => {
  const { v6, name, port } =
    /^(?:\[(?<v6>[^\]]+)\]|(?<name>[A-Za-z0-9.-]*)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port === undefined || Number(port) > 65_535) return undefined
  if (v6 !== undefined && !isIPv6(v6)) return undefined
  return { host: v6 ?? (name === '' ? undefined : name), port: Number(port) }
}

/**
 * The text that `parseAddress` reads as this address.
 *
 * @example
 * formatAddress({ host: '::1', port: 8080 }) // '[::1]:8080'
 */
export const formatAddress = ({ host = '', port }: Address): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/**
 * The base URL at which a process on this machine reaches a server that listens on the address. A server that listens
 * on every interface is reached through loopback.
 *
 * @example
 * localUrl({ host: undefined, port: 8080 }) // 'http://127.0.0.1:8080'
 */
export const localUrl = ({ host, port }: Address): string =>
  `http://${formatAddress({ host: loopbackOf.get(host) ?? host, port })}`

const loopbackOf: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])
