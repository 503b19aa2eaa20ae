import type { OutgoingMessage, ServerResponse } from 'node:http'

/**
 * Sends the head of a message now, before its body. Not `flushHeaders`: that encodes the head as UTF-8, which makes two
 * bytes of each byte above 0x7f.
 */
export const sendHeadNow = (message: OutgoingMessage): void => void message.write('', 'latin1')

/**
 * Closes the connection without the end of the answer, so that the caller sees that the answer is incomplete. An HTTP/1.0
 * caller takes the end of the connection for the end of the answer; only a reset tells it otherwise.
 */
const breakOff = (response: ServerResponse): void => {
  const { req: request, socket } = response
  if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) socket?.resetAndDestroy()
  else response.destroy()
}

/** How long a caller has to read what it was sent before it is disconnected: many clients drop what they have not read yet. */
const FAREWELL_MS = 100
/** A caller that has not even received it by then is disconnected without it. */
const LONGEST_FAREWELL_MS = 60_000

/** Disconnects a caller in the middle of an answer, once it has had time to read what was sent before. */
export const breakOffSoon = (response: ServerResponse): void => {
  if (response.destroyed) return
  let timer = setTimeout(() => breakOff(response), LONGEST_FAREWELL_MS)
  response.once('close', () => clearTimeout(timer))
  // The callback comes when everything that was written before has left this process.
  response.write('', 'latin1', () => {
    clearTimeout(timer)
    timer = setTimeout(() => breakOff(response), FAREWELL_MS)
  })
}
