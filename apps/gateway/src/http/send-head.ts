import type { OutgoingMessage, ServerResponse } from 'node:http'

/**
 * Sends the head of a message now, before its body. Not `flushHeaders`: that encodes the head as UTF-8, which makes two
 * bytes of each byte above 0x7f.
 */
export const sendHeadNow = (message: OutgoingMessage): void => void message.write('', 'latin1')

/**
 * Disconnects a caller in the middle of an answer, so that the caller sees that the answer is incomplete. An HTTP/1.0
 * caller takes the end of the connection for the end of the answer; only a reset tells it otherwise.
 */
export const breakOff = (response: ServerResponse): void => {
  const { req: request, socket } = response
  if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) socket?.resetAndDestroy()
  else response.destroy()
}
