import http from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
  /** Whether the answer came to its end. */
  readonly complete: boolean
}

export interface RequestOptions {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer | undefined
  /** Called with each piece of the answer as it arrives. */
  readonly onPiece?: (piece: Buffer) => void
  readonly signal?: AbortSignal
}

/** One exchange on a connection of its own, nothing added and nothing decoded. */
export const send = (
  base: string,
  { method = 'POST', path, headers = {}, body, onPiece, signal }: RequestOptions,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = http.request(
      {
        hostname,
        port,
        method,
        path,
        headers: { ...length, ...headers },
        agent: false,
        ...(signal ? { signal } : {}),
      },
      response => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => {
          pieces.push(piece)
          onPiece?.(piece)
        })
        const end = () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
            complete: response.complete,
          })
        }
        response.on('end', end)
        response.on('error', end)
      },
    )
    request.on('error', reject)
    request.end(body)
  })

/** Sends JSON and reads what comes back as text. */
export const post = async (base: string, path: string, body: unknown, signal?: AbortSignal) => {
  const answer = await send(base, { path, body: JSON.stringify(body), ...(signal ? { signal } : {}) })
  return { ...answer, text: answer.body.toString() }
}
