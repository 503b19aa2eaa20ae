import { inWords, type Job } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { safeJson, safeLine } from '../output/safe-text.ts'
import { readIds } from './ids.ts'

/** Says what jobs wait for, or have waited for. */
export const whyJobs = async (given: readonly string[], session: Session): Promise<void> => {
  const { client, screen, signal, stdin } = session
  for (const id of await readIds(given, stdin)) {
    const job = await client.job(id, { signal })
    if (screen.isJson) screen.print(safeJson(outlookOf(job)))
    else screen.print(safeLine(`${id}  ${job.state}: ${sentence(job)}`))
  }
}

const outlookOf = (job: Job) => {
  const { id, state, why, position, estimated_start, estimated_wait_ms, estimated_wait_range_ms, waited_ms } =
    job
  return { id, state, why, position, estimated_start, estimated_wait_ms, estimated_wait_range_ms, waited_ms }
}

const sentence = ({
  why,
  position,
  estimated_wait_ms: waitMs,
  estimated_wait_range_ms: range,
  error,
}: Job): string =>
  [
    why?.text ?? 'it has not waited',
    ...(position === undefined ? [] : [position === 0 ? 'it is next' : `${position} jobs are before it`]),
    ...(waitMs === undefined ? [] : [`it starts in about ${inWords(waitMs)}`]),
    ...(range ? [`between ${inWords(range[0])} and ${inWords(range[1])}`] : []),
    ...(error ? [`${error.code}: ${error.message}`] : []),
  ].join('; ')
