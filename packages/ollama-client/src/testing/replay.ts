import type { ServerResponse } from 'node:http'
import { chunksOf, type Recording } from './recording.ts'
import { serve } from './serve.ts'

/**
 * Sends a recorded answer without the recorded pauses.
 * @param beforeNext is awaited before each chunk after the first
 */
export const sendRecorded = async (
  recorded: Recording,
  response: ServerResponse,
  beforeNext?: () => Promise<void>,
): Promise<void> => {
  const { status, headers, complete } = recorded.response
  response.sendDate = false
  response.writeHead(status, headers.flat())
  for (const [at, chunk] of chunksOf(recorded).entries()) {
    if (at > 0) await beforeNext?.()
    response.write(chunk)
  }
  if (complete) response.end()
  else response.socket?.destroySoon()
}

/** Starts a server that answers every request with this recording; returns its base URL. */
export const replay = (recorded: Recording): Promise<string> =>
  serve((_request, response) => void sendRecorded(recorded, response))
