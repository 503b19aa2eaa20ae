import type { WebhookEvent } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { eq, sql } from '../drizzle.ts'
import { type HeaderPairs, jobDetails, jobRequests } from '../schema.ts'

/** The request of a job as it was submitted, with its webhook. */
export interface StoredRequest {
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly webhook?: { readonly url: string; readonly events: readonly WebhookEvent[] }
}

export const prepareRequest = ({ db }: Connection) => {
  const select = db
    .select({
      headers: jobRequests.headers,
      body: jobRequests.body,
      url: jobDetails.webhookUrl,
      events: jobDetails.webhookEvents,
    })
    .from(jobRequests)
    .leftJoin(jobDetails, eq(jobDetails.jobSeq, jobRequests.jobSeq))
    .where(eq(jobRequests.jobSeq, sql.placeholder('seq')))
    .prepare()

  return (seq: number): StoredRequest | undefined => {
    const row = select.get({ seq })
    if (!row) return undefined
    const { headers, body, url, events } = row
    return url === null ? { headers, body } : { headers, body, webhook: { url, events: events ?? [] } }
  }
}
