import { type Exchange, type ExchangeHeaders, retryAfterMs, StreamError } from '@foreman/ollama-client'
import { text } from 'node:stream/consumers'
import { ForemanError } from './errors.ts'
import type { Problem } from './types.ts'

/** An HTTP answer whose body has not been read. */
export interface HttpAnswer extends Pick<Exchange, 'status' | 'headers'> {
  readonly body: AsyncIterable<Uint8Array>
}

/** @throws ForemanError when the status is outside 200–299 */
export const assertSuccess = async (answer: HttpAnswer): Promise<void> => {
  if (answer.status < 200 || answer.status > 299) throw await foremanError(answer)
}

/** @throws StreamError when the body is not JSON */
export const jsonOf = async <T>({ body }: HttpAnswer): Promise<T> => {
  const json = await text(body)
  try {
    return JSON.parse(json) as T
  } catch (cause) {
    throw new StreamError('the answer is not JSON', { cause })
  }
}

/** Reads an answer to its end and returns it as an error. */
export const foremanError = async (answer: HttpAnswer): Promise<ForemanError> => {
  const { status, headers, body } = answer
  const afterMs = retryAfterMs(header(headers, 'retry-after'), Date.now())
  if (isProblem(headers)) return new ForemanError(status, await jsonOf<Problem>(answer), afterMs)
  await text(body)
  return new ForemanError(status, {}, afterMs)
}

/** Whether the body is problem details (RFC 9457), which only foreman's own errors are. */
export const isProblem = (headers: ExchangeHeaders): boolean =>
  /^application\/problem\+json\b/i.test(header(headers, 'content-type') ?? '')

const header = (headers: ExchangeHeaders, name: string): string | undefined =>
  headers.find(([each]) => each.toLowerCase() === name)?.[1]
