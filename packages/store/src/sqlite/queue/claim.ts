import { BrokenJobError } from '../../errors.ts'
import type { Claim, Claimed, ClaimRequest } from '../../values.ts'
import { withJob } from '../broken-job.ts'
import type { Connection } from '../connection.ts'
import { prepareTurnOf } from '../history/turn-of.ts'
import { isHeaderPairs } from '../json-shapes.ts'
import type { Changes } from '../log/changes.ts'
import { type NextOfLine, prepareNextOfLine } from './next-of-line.ts'

/** What a claim has of the row of its job, but for the columns that SQLite stores as numbers. */
type ClaimedRow = Omit<Claim, 'headers' | 'body' | 'parts' | 'streaming' | 'runsAlone'> & {
  readonly streams: number
  readonly isAlone: number
}

const CLAIMED_COLUMNS = `seq, id, path, endpoint, model, model_name AS modelName, load_options AS loadOptions,
  group_key AS groupKey, streams, caller, account, sender, created_at AS createdAt, claim_token AS token, attempt,
  failed_attempts AS failedAttempts, answer_attempt AS answerAttempt, max_attempts AS maxAttempts,
  deadline_at AS deadlineAt, runs_alone AS isAlone, turn`

/** Claims jobs of one line. The caller opens the transaction. */
export const prepareClaim = (connection: Connection, changes: Changes) => {
  const { sqlite } = connection
  const nextOfLine = prepareNextOfLine(connection)
  const claimOf = prepareClaimOf(connection)
  const turnOf = prepareTurnOf(connection)
  // Without Drizzle for speed: this runs for each job.
  const setRunning = sqlite.prepare(
    `UPDATE jobs SET state = 'running', attempt = attempt + 1, claim_token = @token, last_token = @token,
       started_at = @now, start_reason = @reason, behind_model = @behindModel, behind_since = @behindSince, turn = @turn,
       tokens = NULL, room = NULL
     WHERE seq = +@seq AND state = 'queued' RETURNING ${CLAIMED_COLUMNS}`,
  )

  const claimOne = ({ seq, modelName }: NextOfLine, request: ClaimRequest, now: number): Claim => {
    const { token, reason, behind } = request
    const [behindModel, behindSince] = [behind?.model ?? null, behind?.since ?? null]
    const turn = turnOf(request, modelName, now)
    const job = setRunning.get({ seq, token, now, reason, behindModel, behindSince, turn }) as
      | ClaimedRow
      | undefined
    if (!job) throw new Error(`job ${seq} is not queued`)
    const claim = claimOf(job)
    const { attempt } = job
    if (attempt > 1) changes.record(job, { type: 'reset', attempt }, now)
    changes.record(job, { type: 'started', attempt, reason }, now)
    return claim
  }

  return (request: ClaimRequest, now: number): Claimed => {
    const { upTo, isIdle } = request
    const claims: Claim[] = []
    while (claims.length < upTo) {
      const next = nextOfLine(request)
      if (!next) break
      if (next.runsAlone && !(isIdle && claims.length === 0)) return { claims, awaited: next.seq }
      try {
        // In a savepoint: what goes wrong with this job leaves it queued, and the others claimed.
        claims.push(withJob(next.seq, () => connection.write('normal', () => claimOne(next, request, now))))
      } catch (error) {
        if (error instanceof BrokenJobError) return { claims, broken: error }
        throw error
      }
      if (next.runsAlone) break
    }
    return { claims }
  }
}

export const prepareClaimed = (connection: Connection) => {
  const claimOf = prepareClaimOf(connection)
  const select = connection.sqlite.prepare(
    `SELECT ${CLAIMED_COLUMNS} FROM jobs WHERE state = 'running' AND claim_token = +? ORDER BY seq`,
  )

  return (token: string): Claim[] =>
    connection.read(() => (select.all(token) as ClaimedRow[]).map(row => claimOf(row)))
}

/** Makes a claim of the row of a job that runs. */
const prepareClaimOf = ({ sqlite }: Connection) => {
  const selectRequest = sqlite.prepare('SELECT headers, body, parts FROM job_requests WHERE job_seq = +?')

  return ({ streams, isAlone, ...job }: ClaimedRow): Claim => {
    const { seq } = job
    const request = selectRequest.get(seq) as RequestRow | undefined
    if (!request) throw new Error(`job ${seq} has no request`)
    const { body, parts } = request
    const headers: unknown = JSON.parse(request.headers)
    if (!isHeaderPairs(headers)) throw new Error(`the headers of job ${seq} are no list of pairs`)
    return { ...job, streaming: streams === 1, runsAlone: isAlone === 1, headers, body, parts }
  }
}

interface RequestRow extends Pick<Claim, 'body' | 'parts'> {
  readonly headers: string
}
