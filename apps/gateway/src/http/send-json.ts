import type { ServerResponse } from 'node:http'

/** Answers with JSON, unless the caller has left. */
export const sendJson = (
  response: ServerResponse,
  status: number,
  value: unknown,
  contentType = 'application/json',
): void => {
  if (response.destroyed) return
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': body.byteLength })
  response.end(body)
}
