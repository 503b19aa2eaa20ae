import { isIPv6 } from 'node:net'

/** Where to listen: every interface when `host` is absent; port 0 lets the system choose one. */
export interface Address {
  host: string | undefined
  port: number
}

/** An address such as `:8080`, `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`; undefined for anything else. */
export const parseAddress = (text: string): Address | undefined => {
  const { v6, name, port } =
    /^(?:\[(?<v6>[^\]]+)\]|(?<name>[A-Za-z0-9.-]*)):(?<port>\d{1,5})$/.exec(text)?.groups ?? {}
  if (port === undefined || Number(port) > 65_535) return undefined
  if (v6 !== undefined && !isIPv6(v6)) return undefined
  return { host: v6 ?? (name === '' ? undefined : name), port: Number(port) }
}
