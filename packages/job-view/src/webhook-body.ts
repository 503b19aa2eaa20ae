import type { Announcement, Compose, StoredAnswer } from '@foreman/store'
import { type JobAnswer, readAnswer } from './answer.ts'
import { describeJob } from './describe-job.ts'
import { time } from './time.ts'

/** A longer result is left out of the webhook, which has the URL of the job instead. */
export const INLINE_RESULT_BYTES = 20_000
/** A longer answer is not read, because the webhook is written within the transaction that ends the job. */
const LONGEST_ANSWER_BYTES = 4 * 1024 * 1024

export interface WebhookBodyOptions {
  /** The URL under which receivers reach foreman, without a slash at its end. Without it, links are paths. */
  readonly publicUrl?: string | undefined
  /** Called when a body is written without the result because an error came up while it was written with it. */
  readonly onError: (error: unknown, jobId: string) => void
}

/**
 * Makes the function that writes the bodies of webhooks. It is called within the transaction that changes the job, so
 * an answer that cannot be shown must not make it throw: the change would be undone with it.
 */
export const webhookBody =
  ({ publicUrl = '', onError }: WebhookBodyOptions): Compose =>
  announcement => {
    const { job } = announcement
    const write = (answer: JobAnswer) => bodyOf(announcement, answer, `${publicUrl}/jobs/${job.id}`)
    // Not within the `try`: a file that cannot be read ends the transaction.
    const stored = storedAnswer(announcement)
    try {
      return write(stored ? answerOf(announcement, stored) : {})
    } catch (error) {
      onError(error, job.id)
      return write({})
    }
  }

const bodyOf = (
  { event, at, job }: Announcement,
  { result, errorText }: JobAnswer,
  resultUrl: string,
): string => {
  const isShort = result && Buffer.byteLength(JSON.stringify(result)) < INLINE_RESULT_BYTES
  const isElsewhere = job.state === 'succeeded' && !isShort
  const answer = { ...(isShort && { result }), ...(errorText !== undefined && { errorText }) }
  const shown = describeJob(job, { answer })
  return JSON.stringify({
    type: event,
    timestamp: time(at),
    data: isElsewhere ? { job: shown, result_url: resultUrl } : { job: shown },
  })
}

const storedAnswer = ({ event, answer }: Announcement): StoredAnswer | undefined =>
  event === 'job.succeeded' || event === 'job.failed' ? answer(LONGEST_ANSWER_BYTES) : undefined

const answerOf = ({ job }: Announcement, { head, body }: StoredAnswer): JobAnswer => {
  const reader = readAnswer(job, head)
  for (const bytes of body) reader.push(bytes)
  return reader.read()
}
