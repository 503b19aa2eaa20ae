import type { Request, Response } from 'express'
import { Refusal } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'

const USUAL_LIMIT = 20
const MAX_LIMIT = 100

interface Page {
  /** The id of the last element of the page before. */
  readonly after: string | undefined
  readonly limit: number
}

/** The page that a query asks for. @throws Refusal with 400 */
export const pageOf = ({ after, limit, order }: Request['query']): Page => {
  const count = limit === undefined ? USUAL_LIMIT : Number(limit)
  if (!Number.isInteger(count) || count < 1) throw new Refusal(400, 'limit must be a whole number above 0')
  if (after !== undefined && typeof after !== 'string') throw new Refusal(400, 'after must be an id')
  if (order !== undefined && order !== 'desc') throw new Refusal(400, 'only order=desc is known here')
  // OpenAI's own limit for files is 10,000, and programs that send it read on while there is more.
  return { after, limit: Math.min(count, MAX_LIMIT) }
}

/** Answers with a page as OpenAI shows it. */
export const sendPage = <T extends { readonly id: string }>(
  response: Response,
  shown: readonly T[],
  hasMore: boolean,
  describe: (each: T) => object,
): void =>
  sendJson(response, 200, {
    object: 'list',
    data: shown.map(describe),
    first_id: shown[0]?.id ?? null,
    last_id: shown.at(-1)?.id ?? null,
    has_more: hasMore,
  })
