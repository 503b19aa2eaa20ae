import type { PromptField } from './generation-request.ts'

/** What a caller gets where an answer should have been. */
export interface RenderedError {
  readonly contentType: string
  readonly body: Buffer
}

/** How one family of clients is spoken to when something goes wrong. */
export interface Dialect {
  /** The error as the whole answer. */
  error(message: string): RenderedError
  /** The error behind bytes that have already been sent: what makes the caller's parser see it. */
  errorAfter(message: string): Buffer
}

const native: Dialect = {
  error: message => ({
    contentType: 'application/json; charset=utf-8',
    body: Buffer.from(JSON.stringify({ error: message })),
  }),
  errorAfter: message => Buffer.from(`${JSON.stringify({ error: message })}\n`),
}

export const dialects = { native } as const

/** A route on which the target generates: all that a relay must know of it. */
export interface GeneratingEndpoint {
  readonly method: 'POST'
  readonly path: string
  readonly dialect: Dialect
  readonly prompt: PromptField
}

/** The generating routes. Every other path and method is none of a queue's business. */
export const generatingEndpoints: readonly GeneratingEndpoint[] = [
  { method: 'POST', path: '/api/chat', dialect: native, prompt: 'messages' },
  { method: 'POST', path: '/api/generate', dialect: native, prompt: 'prompt' },
]

/** @param path decoded and without its query: the target's router decodes before it matches */
export const generatingEndpoint = (method: string, path: string): GeneratingEndpoint | undefined =>
  generatingEndpoints.find(endpoint => endpoint.method === method && endpoint.path === path)
