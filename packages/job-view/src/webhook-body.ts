import type { Announcement, Compose } from '@foreman/store'
import { type Answer, readAnswer } from './answer.ts'
import { describeJob } from './describe-job.ts'

/** A longer result is not in the message: the receiver is told where it is. */
export const INLINE_RESULT_BYTES = 20_000
/** An answer that takes more as it is stored is not looked into: it is read within the transaction of its job's end. */
const LONGEST_ANSWER_BYTES = 4 * 1024 * 1024

/**
 * Writes the bodies of webhooks.
 * @param publicUrl what callers know foreman by, without a slash at its end; without it links are paths
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

const answerOf = ({ event, job, answer }: Announcement): Answer | undefined => {
  if (event !== 'job.succeeded' && event !== 'job.failed') return undefined
  const stored = answer(LONGEST_ANSWER_BYTES)
  if (!stored) return undefined
  const reader = readAnswer(job, stored.head)
  for (const bytes of stored.body) reader.push(bytes)
  return reader.read()
}
