import type { Announcement, Compose, StoredAnswer } from '@foreman/store'
import { type JobAnswer, readAnswer } from './answer.ts'
import { aroundResult, jobJson } from './describe-job.ts'
import { time } from './time.ts'

/** A longer result is left out of the webhook, which has the URL of the job instead. */
export const INLINE_RESULT_BYTES = 20_000

export interface WebhookBodyOptions {
  /** The URL under which receivers reach foreman, without a slash at its end. Without it, links are paths. */
  readonly publicUrl?: string | undefined
  /** Called when a body is written without the result because an error came up while it was written with it. */
  readonly onError: (error: unknown, jobId: string) => void
}

/** What a message shows of an answer. `result` is JSON. */
interface Shown extends Pick<JobAnswer, 'errorText'> {
  readonly result?: string
}

/**
 * Makes the function that writes the bodies of webhooks. It is called within the transaction that changes the job, so
 * an answer that cannot be shown must not make it throw: the change would be undone with it.
 */
export const webhookBody =
  ({ publicUrl = '', onError }: WebhookBodyOptions): Compose =>
  announcement => {
    const { job } = announcement
    const write = (shown: Shown) => bodyOf(announcement, shown, `${publicUrl}/jobs/${job.id}`)
    // Not within the `try`: a queue that cannot be read undoes the change.
    const stored = storedAnswer(announcement)
    try {
      return write(stored ? shownOf(announcement, stored) : {})
    } catch (error) {
      onError(error, job.id)
      return write({})
    }
  }

const bodyOf = (
  { event, at, job }: Announcement,
  { result, ...answer }: Shown,
  resultUrl: string,
): string => {
  const json = jobJson(job, { answer })
  const shown = result === undefined ? json : aroundResult(json).join(result)
  const link = job.state === 'succeeded' && result === undefined
  const begin = JSON.stringify({ type: event, timestamp: time(at) }).slice(0, -1)
  return `${begin},"data":{"job":${shown}${link ? `,"result_url":${JSON.stringify(resultUrl)}` : ''}}}`
}

const storedAnswer = ({ event, answer }: Announcement): StoredAnswer | undefined =>
  event === 'job.succeeded' || event === 'job.failed' ? answer() : undefined

const shownOf = ({ job }: Announcement, { head, body }: StoredAnswer): Shown => {
  const reader = readAnswer(job, head)
  for (const bytes of body) reader.push(bytes)
  const { result, errorText } = reader.read()
  const bytes = result === 'as_stored' ? body : result
  return {
    ...(bytes && lengthOf(bytes) < INLINE_RESULT_BYTES && { result: Buffer.concat(bytes).toString() }),
    ...(errorText !== undefined && { errorText }),
  }
}

const lengthOf = (parts: readonly Uint8Array[]): number =>
  parts.reduce((length, { byteLength }) => length + byteLength, 0)
