import type { JobView } from '../../values.ts'
import type { Connection } from '../connection.ts'

export type View = ReturnType<typeof prepareView>

export const prepareView = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: whoever waits for an answer reads this at each change of its job.
  const select = sqlite.prepare(
    `SELECT id, state, attempt, last_token AS token, answer_attempt AS answerAttempt, created_at AS createdAt,
       started_at AS startedAt, start_reason AS startReason, behind_model AS behindModel, behind_since AS behindSince,
       error_code AS errorCode, error_message AS errorMessage
     FROM jobs WHERE seq = +?`,
  )

  return (seq: number): JobView | undefined => select.get(seq) as JobView | undefined
}
