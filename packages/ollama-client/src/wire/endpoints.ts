import type { AnswerPieces } from '../answer/fold/answer-pieces.ts'
import { chatCompletionPieces, completionPieces } from '../answer/fold/completions.ts'
import { messagePieces } from '../answer/fold/messages.ts'
import { chatPieces, generatePieces } from '../answer/fold/native.ts'
import { imagePieces, transcriptionPieces } from '../answer/fold/one-object.ts'
import { responsePieces } from '../answer/fold/responses.ts'
import { type Dialect, dialects, openAiError } from './dialects.ts'
import { type FieldTypes, fieldTypes } from './field-types.ts'
import type { RequiredField } from './flaws.ts'
import {
  chatCompletionHeartbeat,
  chatHeartbeat,
  completionHeartbeat,
  generateHeartbeat,
  type Heartbeat,
  messagesHeartbeat,
  type Waiting,
} from './heartbeats.ts'
import { responseFailed, responsesHeartbeat } from './response-events.ts'
import {
  chatCompletionStatus,
  chatCompletionThinking,
  chatThinking,
  generateThinking,
  messagesThinking,
  type ShownWait,
} from './shown-wait.ts'

/** `status`: an event of Open WebUI. `thinking`: the thinking of the answer, in the form of the dialect. */
export type WaitPlace = 'status' | 'thinking'

/** A route on which the target generates, and everything that foreman must know to relay it. foreman queues no other route. */
export interface GeneratingEndpoint extends AnswerPieces {
  readonly method: 'POST'
  readonly path: string
  readonly dialect: Dialect
  /** The form of a request: JSON, or `multipart/form-data`. */
  readonly request: 'json' | 'form'
  /** The name of the field with the prompt. */
  readonly prompt: 'messages' | 'prompt' | 'input' | 'file'
  /** When the target streams its answer. `if_asked`: if the request's `stream` is true. */
  readonly streams: 'by_default' | 'if_asked' | 'never'
  /** The fields of a request that foreman reads. */
  readonly fields: FieldTypes
  /** The fields without which the target refuses a request. */
  readonly required: readonly RequiredField[]
  /** Whether a request without a prompt loads the model. On the other routes the target decides. */
  readonly loadsWithoutPrompt: boolean
  /** Whether the target reads `options`, `shift` and `keep_alive`. */
  readonly takesLoadOptions: boolean
  /** Whether a complete non-streaming reply has `done: true`. */
  readonly saysDone: boolean
  /** Keeps a stream open while there is nothing to send. */
  readonly heartbeat: Heartbeat
  /** The places in a stream where a caller can be shown how long it waits. */
  readonly showsWait: Readonly<Partial<Record<WaitPlace, ShownWait>>>
  /** An error in a stream, in a form that the caller's parser reports. */
  readonly streamError: (status: number, message: string, waiting: Waiting) => Uint8Array
}

const { native, openai, anthropic } = dialects

const ofOllama = {
  dialect: native,
  streamError: native.stream.error,
  request: 'json',
  streams: 'by_default',
  loadsWithoutPrompt: true,
  takesLoadOptions: true,
  saysDone: true,
  required: [],
} as const
const ofOthers = {
  request: 'json',
  streams: 'if_asked',
  loadsWithoutPrompt: false,
  takesLoadOptions: false,
  saysDone: false,
  required: [],
  showsWait: {},
} as const
const neverStreams = {
  dialect: openai,
  streams: 'never',
  streamError: openai.stream.error,
  heartbeat: () => undefined,
  fields: fieldTypes.others,
} as const
/** Only Ollama 0.24.0 has these routes. */
const ofImages = { ...ofOthers, ...imagePieces, ...neverStreams, prompt: 'prompt' } as const

export const generatingEndpoints: readonly GeneratingEndpoint[] = [
  {
    ...ofOllama,
    ...chatPieces,
    method: 'POST',
    path: '/api/chat',
    prompt: 'messages',
    heartbeat: chatHeartbeat,
    showsWait: { thinking: chatThinking },
    fields: fieldTypes.chat,
  },
  {
    ...ofOllama,
    ...generatePieces,
    method: 'POST',
    path: '/api/generate',
    prompt: 'prompt',
    heartbeat: generateHeartbeat,
    showsWait: { thinking: generateThinking },
    fields: fieldTypes.generate,
  },
  {
    ...ofOthers,
    ...chatCompletionPieces,
    method: 'POST',
    path: '/v1/chat/completions',
    dialect: openai,
    streamError: openai.stream.error,
    prompt: 'messages',
    heartbeat: chatCompletionHeartbeat,
    showsWait: { status: chatCompletionStatus, thinking: chatCompletionThinking },
    fields: fieldTypes.chatCompletions,
    required: ['messages'],
  },
  {
    ...ofOthers,
    ...completionPieces,
    method: 'POST',
    path: '/v1/completions',
    dialect: openai,
    streamError: openai.stream.error,
    prompt: 'prompt',
    heartbeat: completionHeartbeat,
    fields: fieldTypes.completions,
    loadsWithoutPrompt: true,
  },
  {
    ...ofOthers,
    ...responsePieces,
    method: 'POST',
    path: '/v1/responses',
    dialect: openai,
    streamError: (status, message, waiting) => responseFailed(openAiError(status, message).error, waiting),
    prompt: 'input',
    heartbeat: responsesHeartbeat,
    fields: fieldTypes.responses,
  },
  {
    ...ofOthers,
    ...messagePieces,
    method: 'POST',
    path: '/v1/messages',
    dialect: anthropic,
    streamError: anthropic.stream.error,
    prompt: 'messages',
    heartbeat: messagesHeartbeat,
    showsWait: { thinking: messagesThinking },
    fields: fieldTypes.messages,
    required: ['messages', 'max_tokens'],
  },
  { ...ofImages, method: 'POST', path: '/v1/images/generations' },
  { ...ofImages, method: 'POST', path: '/v1/images/edits' },
  {
    ...ofOthers,
    ...transcriptionPieces,
    ...neverStreams,
    method: 'POST',
    path: '/v1/audio/transcriptions',
    request: 'form',
    prompt: 'file',
  },
]

/** The purpose of a route that does not generate. */
export type RouteKind = 'metadata' | 'embedding' | 'management' | 'account' | 'other'

export interface Route {
  /** A path that ends in `/` is followed by exactly one segment. */
  readonly path: string
  /** The methods that Ollama's router lists for the path. */
  readonly methods: readonly string[]
  readonly kind: RouteKind | 'generating'
}

const route = (kind: Route['kind'], path: string, ...methods: string[]): Route => ({ kind, path, methods })

/** All routes of Ollama. */
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
]

/**
 * Finds the route at a path.
 * @param path decoded and without its query
 * @returns undefined when Ollama has no such path
 */
export const routeAt = (path: string): Route | undefined =>
  routes.find(each =>
    each.path.length > 1 && each.path.endsWith('/') ? isOneMore(each.path, path) : each.path === path,
  )

const isOneMore = (prefix: string, path: string): boolean =>
  path.startsWith(prefix) && path.length > prefix.length && !path.includes('/', prefix.length)

/**
 * Finds the generating endpoint at a path.
 * @param path decoded and without its query, because the target's router decodes a path before it matches it
 * @returns undefined when the target does not generate there
 */
export const generatingEndpoint = (path: string, method = 'POST'): GeneratingEndpoint | undefined =>
  generatingEndpoints.find(endpoint => endpoint.method === method && endpoint.path === path)

/** The dialect of the errors of a path, whether or not the path generates. */
export const dialectOf = (path: string): Dialect => {
  if (path === '/v1/messages' || path.startsWith('/v1/messages/')) return anthropic
  return path.startsWith('/v1/') ? openai : native
}
