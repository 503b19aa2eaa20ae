import type { ServerResponse } from 'node:http'

/** Answers with JSON. */
export const sendJson = (
  response: ServerResponse,
  status: number,
  value: unknown,
  contentType = 'application/json',
): void => {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': body.byteLength })
  response.end(body)
}
