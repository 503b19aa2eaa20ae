import type { ServerResponse } from 'node:http'

/**
 * Takes a caller that closes its half of the connection for one that has left, and closes the other half. To be used where
 * a caller can wait for long, because a caller that leaves closes its half first, and foreman would notice the rest only when
 * it writes. Go's server cancels such a request, too; elsewhere a caller may close its half and get its answer.
 */
export const leaveWhenHalfClosed = (response: ServerResponse): void => {
  const { socket } = response.req
  const leave = () => void socket.end()
  if (socket.readableEnded) return leave()
  socket.once('end', leave)
  response.once('close', () => socket.off('end', leave))
}
