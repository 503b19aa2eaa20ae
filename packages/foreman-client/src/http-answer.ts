import { StreamError, type Exchange, type ExchangeHeaders } from '@foreman/ollama-client'
import { text } from 'node:stream/consumers'
import { ForemanError } from './errors.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Problem } from './types.ts'

export interface Answer extends Pick<Exchange, 'status' | 'headers'> {
  readonly body: AsyncIterable<Uint8Array>
}

/** @throws ForemanError for a status outside 200–299 */
export const demandSuccess = async (answer: Answer): Promise<void> => {
  if (answer.status < 200 || answer.status > 299) throw await foremanError(answer)
}

/** @throws StreamError for what is no JSON */
export const jsonOf = async <T>({ body }: Answer): Promise<T> => {
  const said = await text(body)
  try {
    return JSON.parse(said) as T
  } catch (cause) {
    throw new StreamError('the answer is not JSON', { cause })
  }
}

/** Reads an answer to its end as the error that it is. */
export const foremanError = async (answer: Answer): Promise<ForemanError> => {
  const { status, headers, body } = answer
  const afterMs = retryAfterMs(header(headers, 'retry-after'), Date.now())
  if (isProblem(headers)) return new ForemanError(status, await jsonOf<Problem>(answer), afterMs)
  await text(body)
  return new ForemanError(status, {}, afterMs)
}

export const isProblem = (headers: ExchangeHeaders): boolean =>
  /^application\/problem\+json\b/i.test(header(headers, 'content-type') ?? '')

const header = (headers: ExchangeHeaders, name: string): string | undefined =>
  headers.find(([each]) => each.toLowerCase() === name)?.[1]
