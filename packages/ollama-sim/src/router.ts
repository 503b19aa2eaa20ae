import type { Dialect } from './dialect.ts'
import type { Exchange } from './exchange.ts'
import { messages } from './routes/anthropic.ts'
import { chat } from './routes/chat.ts'
import { images, transcriptions } from './routes/collected.ts'
import { embed, embeddings, openAiEmbeddings } from './routes/embed.ts'
import { generate } from './routes/generate.ts'
import { ps, root, show, status, tags, version } from './routes/metadata.ts'
import { chatCompletions, completions, listModels, responses, showModel } from './routes/openai.ts'
import type { SimContext } from './sim-context.ts'

type Handler = (context: SimContext, exchange: Exchange) => Promise<void> | void

export interface Route {
  handle: Handler
  /** It needs a model, and so counts as work in flight. */
  infers?: true
  /** Default: native. */
  dialect?: Dialect
}

const NOT_SIMULATED: Route = {
  handle: (_context, { reply }) => reply.error(501, 'model management is not simulated'),
}

const infers = (handle: Handler, dialect: Dialect = 'native'): Route => ({ handle, infers: true, dialect })

const ROUTES: Record<string, Record<string, Route>> = {
  '/': { GET: { handle: root }, HEAD: { handle: root } },
  '/api/version': { GET: { handle: version }, HEAD: { handle: version } },
  '/api/status': { GET: { handle: status } },
  '/api/tags': { GET: { handle: tags }, HEAD: { handle: tags } },
  '/api/ps': { GET: { handle: ps } },
  '/api/show': { POST: { handle: show } },
  '/api/chat': { POST: infers(chat) },
  '/api/generate': { POST: infers(generate) },
  '/api/embed': { POST: infers(embed) },
  '/api/embeddings': { POST: infers(embeddings) },
  '/v1/chat/completions': { POST: infers(chatCompletions, 'openai') },
  '/v1/completions': { POST: infers(completions, 'openai') },
  '/v1/responses': { POST: infers(responses, 'openai') },
  '/v1/embeddings': { POST: infers(openAiEmbeddings, 'openai') },
  '/v1/images/generations': { POST: infers(images, 'openai') },
  '/v1/images/edits': { POST: infers(images, 'openai') },
  '/v1/audio/transcriptions': { POST: infers(transcriptions, 'openai') },
  '/v1/messages': { POST: infers(messages, 'anthropic') },
  '/v1/models': { GET: { handle: listModels } },
  '/v1/models/:': { GET: { handle: showModel, dialect: 'openai' } },
  '/api/pull': { POST: NOT_SIMULATED },
  '/api/push': { POST: NOT_SIMULATED },
  '/api/create': { POST: NOT_SIMULATED },
  '/api/copy': { POST: NOT_SIMULATED },
  '/api/delete': { DELETE: NOT_SIMULATED },
  '/api/blobs/:': { POST: NOT_SIMULATED, HEAD: NOT_SIMULATED },
}

/** The routes of a path by method; the last segment of some is a parameter. */
export const routesAt = (path: string): Record<string, Route> | undefined => {
  if (Object.hasOwn(ROUTES, path)) return ROUTES[path]
  const slash = path.lastIndexOf('/')
  if (slash === path.length - 1) return undefined
  return Object.hasOwn(ROUTES, `${path.slice(0, slash)}/:`) ? ROUTES[`${path.slice(0, slash)}/:`] : undefined
}

/** Where a path with one slash too many or too few is found, as gin redirects it. */
export const redirectOf = (path: string, method: string): string | undefined => {
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  return routesAt(other)?.[method] === undefined ? undefined : other
}

/** `Allow` for a path that is asked with the wrong method. */
export const allowed = (routes: Record<string, Route>): string => Object.keys(routes).join(', ')
