import type { IncomingHttpHeaders } from 'node:http'

/** What a receiver verifies, and reads the body by. */
const HEADERS = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'content-type',
  'user-agent',
] as const

const PATIENCE_MS = 15_000
const BAD_GATEWAY = 502

/** How an app has answered to a message that was handed on to it. */
export interface Forwarded {
  readonly status: number
  /** Why it has not answered. */
  readonly error?: string
}

/** Hands a message on as it came, so that the app can verify it itself. */
export const forward = async (
  url: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<Forwarded> => {
  const passed = HEADERS.flatMap(name => {
    const value = headers[name]
    return typeof value === 'string' ? [[name, value] as [string, string]] : []
  })
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const answer = await fetch(url, {
      method: 'POST',
      headers: passed,
      body: new Uint8Array(body),
      redirect: 'manual',
      signal,
    })
    await answer.body?.cancel()
    return { status: answer.status }
  } catch (error) {
    const { message, cause } = error as Error
    return { status: BAD_GATEWAY, error: cause instanceof Error ? cause.message : message }
  }
}
