import type { ServerResponse } from 'node:http'

/** Answers with JSON, of a type of its own where there is one. */
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
