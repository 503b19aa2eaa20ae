import type { ServerResponse } from 'node:http'

/** The answers whose callers are watched already: one answer may wait for many jobs, one after the other. */
const watched = new WeakSet<ServerResponse>()

/**
 * Takes a caller that closes its half of the connection for one that has left, and closes the other half. To be used where
 * a caller can wait for long, because a caller that leaves closes its half first, and foreman would notice the rest only when
 * it writes. Go's server cancels such a request, too; elsewhere a caller may close its half and get its answer.
 */
export const leaveWhenHalfClosed = (response: ServerResponse): void => {
  if (watched.has(response)) return
  watched.add(response)
  const { socket } = response.req
  const leave = () => void socket.end()
  if (socket.readableEnded) return leave()
  socket.once('end', leave)
  response.once('close', () => socket.off('end', leave))
}

/** How long nothing may be written to a caller that has closed its half. */
const SILENCE_MS = 60_000

/**
 * Lets a caller that closes its half of the connection get its answer, but not wait for ever: a caller that has left looks
 * the same until foreman writes, and a target that says nothing gives it nothing to write. Ollama cancels a pull or a push
 * at once when its caller closes its half.
 */
export const leaveWhenSilent = (response: ServerResponse, silenceMs = SILENCE_MS): void => {
  const { socket } = response.req
  const watch = () => void socket.setTimeout(silenceMs, () => socket.destroy())
  if (socket.readableEnded) return watch()
  socket.once('end', watch)
  response.once('close', () => socket.off('end', watch))
}
