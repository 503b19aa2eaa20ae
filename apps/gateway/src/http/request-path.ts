import type { IncomingMessage } from 'node:http'

/** The path of a request, as it was sent and as the target's router will see it. */
export interface RequestPath {
  /** Path and query as sent. */
  readonly raw: string
  /** Decoded and without the query. Ollama's router matches this, so `/api/%63hat` is `/api/chat`. */
  readonly decoded: string
}

/**
 * Reads the path from the request line.
 *
 * @param request its `url` is a path, or a complete URL when the client thinks that it talks to a proxy
 */
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
