import { dialectOf } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import { isUnavailable } from '@foreman/store'
import type { ErrorRequestHandler } from 'express'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { CallerLeftError } from './caller-left.ts'
import { endEarly } from './end-early.ts'
import { isOwnPath } from './own-paths.ts'
import { HalfSentError } from './read-body.ts'
import { Refusal } from './refusal.ts'
import { requestPath } from './request-path.ts'
import { breakOffSoon } from './send-head.ts'
import { queueBusy } from './when-available.ts'

/**
 * Turns errors into answers. A Refusal goes to the caller, and so does that the queue is busy. Any other error goes to the
 * log, and its caller gets a 500.
 */
export const errorHandler =
  ({ logger }: { readonly logger: Logger }): ErrorRequestHandler =>
  (error: unknown, request, response, _next) => {
    if (response.destroyed || error instanceof HalfSentError || error instanceof CallerLeftError) return
    if (response.headersSent) {
      logger.error({ err: error }, 'an error after the answer had begun; the caller is disconnected')
      breakOffSoon(response)
      return
    }
    const refusal = refusalOf(error)
    if (!refusal) logger.error({ err: error, path: request.path }, 'unexpected error')
    refuse(request, response, refusal ?? new Refusal(500, 'internal error'))
  }

const refusalOf = (error: unknown): Refusal | undefined => {
  if (error instanceof Refusal) return error
  return isUnavailable(error) ? queueBusy() : undefined
}

/** The refusal as problem details (RFC 9457), for foreman's own routes. */
const problemOf = ({ status, message, code, members }: Refusal) => ({
  contentType: 'application/problem+json',
  body: Buffer.from(
    JSON.stringify({
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      detail: message,
      code,
      ...members,
    }),
  ),
})

const refuse = (request: IncomingMessage, response: ServerResponse, refusal: Refusal): void => {
  const { status, message, headers } = refusal
  const path = requestPath(request).decoded
  const { contentType, body } = isOwnPath(path) ? problemOf(refusal) : dialectOf(path).error(status, message)
  // With the reason phrase: a head that failed to be written has left its own in the response.
  response.writeHead(status, STATUS_CODES[status] ?? '', {
    ...headers,
    ...(request.complete ? {} : { Connection: 'close' }),
    'Content-Type': contentType,
    'Content-Length': body.byteLength,
  })
  response.write(body)
  endEarly(request, response)
}
