const PATIENCE_MS = 5_000

/** An answer of anybody. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
  /** By how much the clock over there is ahead, give or take a second. */
  readonly aheadMs: number | undefined
}

/** Asks once. @throws Error when nobody answers in time */
export const ask = async (
  url: string,
  { token, ...init }: RequestInit & { token?: string | undefined } = {},
): Promise<Answer> => {
  const headers = new Headers(init.headers)
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  const from = Date.now()
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...init,
    headers,
  })
  const middle = (from + Date.now()) / 2
  const at = Date.parse(response.headers.get('date') ?? '')
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
    aheadMs: Number.isNaN(at) ? undefined : at - middle,
  }
}

/** The JSON object of an answer. Undefined: it has none. */
export const objectIn = ({ text }: Pick<Answer, 'text'>): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Why nobody answers, in a few words. */
export const causeOf = (error: unknown): string => {
  const { cause, message, name } = error as Error
  if (name === 'TimeoutError') return 'no answer in time'
  const { code, message: deeper } = (cause ?? {}) as NodeJS.ErrnoException
  return code ?? deeper ?? message
}
