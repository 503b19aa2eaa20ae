import type { ServerResponse } from 'node:http'

/** The caller disconnected before it had the whole answer, so nobody is left to answer. */
export class CallerLeftError extends Error {
  override readonly name = 'CallerLeftError'
}

/** Aborts, with a CallerLeftError, when the caller disconnects before its answer is complete. */
export const callerLeftSignal = (response: ServerResponse): AbortSignal => {
  const controller = new AbortController()
  const closed = () => {
    if (!response.writableFinished) controller.abort(new CallerLeftError('the caller left'))
  }
  // Then it has already emitted `close`, or emits it soon.
  if (response.destroyed) closed()
  else response.once('close', closed)
  return controller.signal
}
