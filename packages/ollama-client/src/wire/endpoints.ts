import type { AnswerPieces } from '../answer/fold/answer-pieces.ts'
import { chatCompletionPieces, completionPieces } from '../answer/fold/completions.ts'
import { messagePieces } from '../answer/fold/messages.ts'
import { chatPieces, generatePieces } from '../answer/fold/native.ts'
import { responsePieces } from '../answer/fold/responses.ts'
import { type Dialect, dialects } from './dialects.ts'

/** A route on which the target generates: all that a relay must know of it. What is not here is none of a queue's business. */
export interface GeneratingEndpoint extends AnswerPieces {
  readonly method: 'POST'
  readonly path: string
  readonly dialect: Dialect
  /** The field that holds what is asked. */
  readonly prompt: 'messages' | 'prompt' | 'input'
  /** Whether an answer comes in pieces when the request does not say. */
  readonly streamsByDefault: boolean
  /** Whether a request without a prompt loads the model; elsewhere it is refused. */
  readonly loadsWithoutPrompt: boolean
  /** Whether `options`, `shift` and `keep_alive` are read. */
  readonly takesLoadOptions: boolean
}

const { native, openai, anthropic } = dialects

const ofOllama = {
  dialect: native,
  streamsByDefault: true,
  loadsWithoutPrompt: true,
  takesLoadOptions: true,
} as const
const ofOthers = { streamsByDefault: false, loadsWithoutPrompt: false, takesLoadOptions: false } as const

export const generatingEndpoints: readonly GeneratingEndpoint[] = [
  { ...ofOllama, ...chatPieces, method: 'POST', path: '/api/chat', prompt: 'messages' },
  { ...ofOllama, ...generatePieces, method: 'POST', path: '/api/generate', prompt: 'prompt' },
  {
    ...ofOthers,
    ...chatCompletionPieces,
    method: 'POST',
    path: '/v1/chat/completions',
    dialect: openai,
    prompt: 'messages',
  },
  {
    ...ofOthers,
    ...completionPieces,
    method: 'POST',
    path: '/v1/completions',
    dialect: openai,
    prompt: 'prompt',
    loadsWithoutPrompt: true,
  },
  {
    ...ofOthers,
    ...responsePieces,
    method: 'POST',
    path: '/v1/responses',
    dialect: openai,
    prompt: 'input',
  },
  {
    ...ofOthers,
    ...messagePieces,
    method: 'POST',
    path: '/v1/messages',
    dialect: anthropic,
    prompt: 'messages',
  },
]

/** What a route that does not generate is for. */
export type RouteKind = 'metadata' | 'embedding' | 'management' | 'account' | 'other'

export interface Route {
  /** One that ends in `/` has one more segment. */
  readonly path: string
  /** As Ollama's router lists them. */
  readonly methods: readonly string[]
  readonly kind: RouteKind | 'generating'
}

const route = (kind: Route['kind'], path: string, ...methods: string[]): Route => ({ kind, path, methods })

/** Every route that Ollama has. */
export const routes: readonly Route[] = [
  ...generatingEndpoints.map(({ path, method }) => route('generating', path, method)),
  route('metadata', '/', 'GET', 'HEAD'),
  route('metadata', '/api/version', 'GET', 'HEAD'),
  route('metadata', '/api/tags', 'GET', 'HEAD'),
  route('metadata', '/api/status', 'GET'),
  route('metadata', '/api/ps', 'GET'),
  route('metadata', '/api/show', 'POST'),
  route('metadata', '/v1/models', 'GET'),
  route('metadata', '/v1/models/', 'GET'),
  route('embedding', '/api/embed', 'POST'),
  route('embedding', '/api/embeddings', 'POST'),
  route('embedding', '/v1/embeddings', 'POST'),
  route('management', '/api/pull', 'POST'),
  route('management', '/api/push', 'POST'),
  route('management', '/api/create', 'POST'),
  route('management', '/api/copy', 'POST'),
  route('management', '/api/delete', 'DELETE'),
  route('management', '/api/blobs/', 'POST', 'HEAD'),
  route('account', '/api/me', 'POST'),
  route('account', '/api/signout', 'POST'),
  route('account', '/api/user/keys/', 'DELETE'),
  route('other', '/api/experimental/web_search', 'POST'),
  route('other', '/api/experimental/web_fetch', 'POST'),
  route('other', '/api/experimental/model-recommendations', 'GET'),
  route('other', '/v1/audio/transcriptions', 'POST'),
]

/** @param path decoded and without its query; @returns undefined for a path that Ollama does not have */
export const routeAt = (path: string): Route | undefined =>
  routes.find(each =>
    each.path.length > 1 && each.path.endsWith('/') ? isOneMore(each.path, path) : each.path === path,
  )

const isOneMore = (prefix: string, path: string): boolean =>
  path.startsWith(prefix) && path.length > prefix.length && !path.includes('/', prefix.length)

/**
 * The endpoint at a path.
 * @param path decoded and without its query: the target's router decodes before it matches
 * @returns undefined where the target does not generate
 */
export const generatingEndpoint = (path: string, method = 'POST'): GeneratingEndpoint | undefined =>
  generatingEndpoints.find(endpoint => endpoint.method === method && endpoint.path === path)

/** In which dialect a path's errors are, whether it generates or not. */
export const dialectOf = (path: string): Dialect => {
  if (path === '/v1/messages' || path.startsWith('/v1/messages/')) return anthropic
  return path.startsWith('/v1/') ? openai : native
}
