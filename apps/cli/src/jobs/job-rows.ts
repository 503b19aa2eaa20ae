import { inWords, type Job, type JobState } from '@foreman/jobs'
import { fact, type Row } from '../output/columns.ts'
import type { Screen } from '../output/screen.ts'
import { ago } from '../output/times.ts'

const STYLES: ReadonlyMap<string, Parameters<Screen['styled']>[0]> = new Map(
  Object.entries({
    queued: 'cyan',
    running: 'blue',
    succeeded: 'green',
    failed: 'red',
    cancelled: 'dim',
  } as const satisfies Record<JobState, string>),
)

/** The state of a job, in its colour. */
export const styledState = (state: string, { styled }: Pick<Screen, 'styled'>) => {
  const style = STYLES.get(state)
  return { text: state, style: (text: string) => (style === undefined ? text : styled(style, text)) }
}

/** All that is known of a job, but for its request and its answer. */
export const jobRows = (job: Job, screen: Pick<Screen, 'styled'>, now: number): Row[] => {
  const time = (name: string, at: string | undefined): Row[] => fact(name, at && `${at}  ${ago(at, now)}`)
  const json = (name: string, value: unknown): Row[] =>
    fact(name, value === undefined ? undefined : JSON.stringify(value))
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
    ...fact('deadline', job.deadline),
    ...fact('next attempt', job.next_attempt_at),
    ...fact('starts', job.estimated_start),
    ...fact('kept until', job.expires_at),
    ['attempts', String(job.attempts)],
    ...fact('tokens', job.progress && String(job.progress.tokens)),
    ...json('usage', job.usage),
    ...fact('error', job.error && `${job.error.code}: ${job.error.message}`),
    ...fact('no result', job.result_omitted),
    ...fact('answer', job.result && `foreman jobs tail ${job.id}`),
  ]
}
