import type { IncomingMessage } from 'node:http'

/** A request's target: as it goes over the wire, and as the target's router will see it. */
export interface RequestPath {
  /** Path and query as sent. */
  readonly raw: string
  /** Decoded, without the query: what Ollama's router matches, so `/api/%63hat` is `/api/chat`. */
  readonly decoded: string
}

/** @param url of the request line: a path, or a whole URL as a proxy's client sends it */
export const requestPath = ({ url = '/' }: Pick<IncomingMessage, 'url'>): RequestPath => {
  const raw = url.startsWith('/') ? url : pathOfUrl(url)
  const path = raw.split('?', 1)[0] ?? raw
  try {
    return { raw, decoded: decodeURIComponent(path) }
  } catch {
    return { raw, decoded: path }
  }
}

const pathOfUrl = (url: string): string => {
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/i.exec(url)
  const rest = match?.[1] ?? url
  return rest.startsWith('/') ? rest : `/${rest}`
}
