import type { ServerResponse } from 'node:http'

/** The caller disconnected before it had the whole answer, so nobody is left to answer. */
export class CallerLeftError extends Error {
  override readonly name = 'CallerLeftError'
}

/** Aborts, with a CallerLeftError, when the caller disconnects before its answer is complete. */
export const callerLeftSignal = (response: ServerResponse): AbortSignal => {
  const controller = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) controller.abort(new CallerLeftError('the caller left'))
  })
  return controller.signal
}
