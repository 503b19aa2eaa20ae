import type { JobView } from '@foreman/store'

type Ended = Pick<JobView, 'errorMessage' | 'attempt' | 'answerAttempt'>

/**
 * What foreman tells a waiting caller in place of a complete answer, or null if the answer speaks for itself. A job has
 * an error message where its answer is missing or incomplete. But if an earlier attempt has left a complete answer,
 * that answer of the target is relayed, and not the message.
 */
export const messageInsteadOfAnswer = ({ errorMessage, attempt, answerAttempt }: Ended): string | null =>
  answerAttempt === null || answerAttempt === attempt ? errorMessage : null

/**
 * Whether the stored answer of a job is incomplete. Without an answer nothing is incomplete, and an answer of an earlier
 * attempt is complete.
 */
export const isAnswerIncomplete = ({ errorMessage, attempt, answerAttempt }: Ended): boolean =>
  errorMessage !== null && answerAttempt === attempt
