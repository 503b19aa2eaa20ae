import type { Announcement, Compose } from '@foreman/store'
import { type JobAnswer, readAnswer } from './answer.ts'
import { describeJob } from './describe-job.ts'

/** A longer result is left out of the webhook, which has the URL of the job instead. */
export const INLINE_RESULT_BYTES = 20_000
/** A longer answer is not read, because the webhook is written within the transaction that ends the job. */
const LONGEST_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * Makes the function that writes the bodies of webhooks.
 *
 * @param publicUrl the URL under which receivers reach foreman, without a slash at its end. Without it, links are paths
 */
export const webhookBody =
  (publicUrl = ''): Compose =>
  announcement => {
    const { event, at, job } = announcement
    const answer = answerOf(announcement)
    const isLong = answer?.result && Buffer.byteLength(JSON.stringify(answer.result)) >= INLINE_RESULT_BYTES
    const isElsewhere = job.state === 'succeeded' && (isLong || !answer?.result)
    const shown = describeJob(job, { answer: isLong ? undefined : answer })
    return JSON.stringify({
      type: event,
      timestamp: new Date(at).toISOString(),
      data: isElsewhere ? { job: shown, result_url: `${publicUrl}/jobs/${job.id}` } : { job: shown },
    })
  }

const answerOf = ({ event, job, answer }: Announcement): JobAnswer | undefined => {
  if (event !== 'job.succeeded' && event !== 'job.failed') return undefined
  const stored = answer(LONGEST_ANSWER_BYTES)
  if (!stored) return undefined
  const reader = readAnswer(job, stored.head)
  for (const bytes of stored.body) reader.push(bytes)
  return reader.read()
}
