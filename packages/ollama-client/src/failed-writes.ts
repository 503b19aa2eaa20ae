import type { Socket } from 'node:net'

type Done = (error?: Error | null) => void

/** Who is told of the failed writes of a socket: the request that has it now. A kept socket serves several. */
const listeners = new WeakMap<Socket, (error: Error) => void>()

/** Ends the calls for a socket whose request is over: a kept socket would keep all of the request in memory. */
export const forgetFailedWrites = (socket: Socket): void => {
  listeners.set(socket, () => undefined)
}

/**
 * Lets a socket go on reading after a write has failed. A server may answer before it has read the whole request, and
 * then close the connection: a write fails, but the answer has arrived. Node would destroy the socket, and with it the
 * bytes of the answer that nobody has read yet. Reading tells soon enough that the connection is gone.
 *
 * @param onFailure called with each failed write, until the socket serves another request. The bytes of that write are dropped
 */
export const outliveFailedWrites = (socket: Socket, onFailure: (error: Error) => void): void => {
  const isPatched = listeners.has(socket)
  listeners.set(socket, onFailure)
  if (isPatched) return
  const forgiving =
    (done: Done): Done =>
    error => {
      if (error) listeners.get(socket)?.(error)
      done()
    }
  const write = socket._write.bind(socket)
  const writeAll = socket._writev?.bind(socket)
  socket._write = (chunk, encoding, done) => write(chunk, encoding, forgiving(done))
  if (writeAll) socket._writev = (chunks, done) => writeAll(chunks, forgiving(done))
}
