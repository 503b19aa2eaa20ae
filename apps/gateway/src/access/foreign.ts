import type { IncomingHttpHeaders } from 'node:http'

/** Whether a page of another origin than foreman's has sent a request. To Ollama, an empty `Origin` is none. */
export const isForeign = ({ origin = '', host }: Pick<IncomingHttpHeaders, 'origin' | 'host'>): boolean =>
  origin !== '' && origin !== `http://${host}` && origin !== `https://${host}`
