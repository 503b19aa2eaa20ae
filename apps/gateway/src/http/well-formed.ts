import type { RequestHandler } from 'express'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'
import { requestPath } from './request-path.ts'

/** A segment that a proxy may resolve or merge on the way to the target, so that the path would mean something else. */
const isAmbiguous = (segment: string): boolean => segment === '' || segment === '.' || segment === '..'

/** Whether every server reads a path in the same way. A slash at the end is clear: it is part of the last segment. */
const isClear = (path: string): boolean => {
  const segments = path.slice(1).split('/')
  const inner = segments.at(-1) === '' ? segments.slice(0, -1) : segments
  return !path.includes('\\') && !inner.some(isAmbiguous)
}

const countOf = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, name: string): number =>
  rawHeaders.filter((header, at) => at % 2 === 0 && header.toLowerCase() === name).length

/**
 * Refuses requests that foreman and the target could read differently. Go's server refuses the first two in the same
 * way.
 *
 * @throws Refusal with 400 for several `Host` lines or none, and for a path with empty segments, dot segments or backslashes
 * @throws Refusal with 501 for a transfer coding other than `chunked`
 */
export const requireWellFormed = (): RequestHandler => (request, _response, next) => {
  const hosts = countOf(request, 'host')
  // HTTP/1.0 has no Host.
  if (hosts > 1 || (hosts === 0 && request.httpVersion === '1.1'))
    throw new Refusal(400, 'a request has one Host header')
  const coding = request.headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new Refusal(501, `foreman does not know the transfer coding '${coding}'`)
  if (!isClear(requestPath(request).decoded))
    throw new Refusal(400, 'the path has an empty segment, a dot segment or a backslash')
  next()
}
