import type { KeptRequest } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, sql } from '../drizzle.ts'
import { jobDetails, jobRequests, requestParts } from '../schema.ts'

/** Counts the bytes of a body that is in parts. The parts themselves are not read. */
export const prepareRequestBytes = ({ db }: Connection) => {
  const select = db
    .select({ bytes: sql<number>`coalesce(sum(length(${requestParts.bytes})), 0)` })
    .from(requestParts)
    .where(eq(requestParts.jobSeq, given('seq')))
    .prepare()

  return (seq: number): number => select.get({ seq })?.bytes ?? 0
}

/** Reads one part of a body. Undefined when the request has been deleted. */
export const prepareRequestPart = ({ db }: Connection) => {
  const select = db
    .select({ bytes: requestParts.bytes })
    .from(requestParts)
    .where(and(eq(requestParts.jobSeq, given('seq')), eq(requestParts.n, given('n'))))
    .prepare()

  return (seq: number, n: number): Buffer | undefined => select.get({ seq, n })?.bytes
}

export const prepareRequest = ({ db }: Connection) => {
  const select = db
    .select({
      headers: jobRequests.headers,
      body: jobRequests.body,
      parts: jobRequests.parts,
      url: jobDetails.webhookUrl,
      events: jobDetails.webhookEvents,
    })
    .from(jobRequests)
    .leftJoin(jobDetails, eq(jobDetails.jobSeq, jobRequests.jobSeq))
    .where(eq(jobRequests.jobSeq, given('seq')))
    .prepare()

  return (seq: number): KeptRequest | undefined => {
    const row = select.get({ seq })
    if (!row) return undefined
    const { url, events, ...request } = row
    return url === null ? request : { ...request, webhook: { url, events: events ?? [] } }
  }
}
