import { inWords, type Job } from '@foreman/jobs'
import { text } from 'node:stream/consumers'
import type { Session } from '../command-line/session.ts'
import { type Row, tableLines } from '../output/columns.ts'
import { safeText } from '../output/safe-text.ts'
import type { Screen } from '../output/screen.ts'
import { ago } from '../output/times.ts'
import { readJobText } from './job-text.ts'
import { styledState } from './ls.ts'

/** Shows the request of a job as it was sent. */
export const showRequest = async (id: string, { client, screen, signal }: Session): Promise<void> => {
  const { body } = await client.request(id, { signal })
  screen.print(safeText(await text(body)))
}

/** Shows all that is known of a job, but for its request and its answer. */
export const showJob = async (id: string, session: Session): Promise<void> => {
  const { client, screen, signal } = session
  if (screen.isJson) return screen.print(await readJobText(id, session))
  const job = await client.job(id, { signal })
  for (const line of tableLines(rowsOf(job, screen, Date.now()), screen.columns)) screen.print(line)
}

const rowsOf = (job: Job, screen: Pick<Screen, 'styled'>, now: number): Row[] => {
  const time = (name: string, at: string | undefined): Row[] =>
    at === undefined ? [] : [[name, `${at}  ${ago(at, now)}`]]
  const due = (name: string, at: string | undefined): Row[] => (at === undefined ? [] : [[name, at]])
  const fact = (name: string, value: string | undefined): Row[] =>
    value === undefined ? [] : [[name, value]]
  const json = (name: string, value: unknown): Row[] =>
    value === undefined ? [] : [[name, JSON.stringify(value)]]
  return [
    ['id', job.id],
    ['state', styledState(job.state, screen)],
    ['model', job.model],
    ['endpoint', job.endpoint],
    ['priority', job.priority],
    ['caller', job.caller],
    ...fact('batch', job.batch),
    ...fact('retry of', job.retry_of),
    ...json('metadata', job.metadata),
    ...fact('why', job.why?.text),
    ...time('submitted', job.created_at),
    ...fact('waited', job.waited_ms === undefined ? undefined : inWords(job.waited_ms)),
    ...time('started', job.started_at),
    ...time('ended', job.finished_at),
    ...due('deadline', job.deadline),
    ...due('next attempt', job.next_attempt_at),
    ...due('starts', job.estimated_start),
    ...due('kept until', job.expires_at),
    ['attempts', String(job.attempts)],
    ...fact('tokens', job.progress && String(job.progress.tokens)),
    ...json('usage', job.usage),
    ...fact('error', job.error && `${job.error.code}: ${job.error.message}`),
    ...fact('no result', job.result_omitted),
    ...fact('answer', job.result && `foreman jobs tail ${job.id}`),
  ]
}
