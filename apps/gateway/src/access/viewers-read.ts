import type { RequestHandler } from 'express'
import { ensureNoViewer, whoOf } from './roles.ts'

/** Refuses a viewer whatever is no reading. */
export const viewersRead: RequestHandler = ({ method }, response, next) => {
  if (method !== 'GET' && method !== 'HEAD') ensureNoViewer(whoOf(response))
  next()
}
