import type { InFlightSnapshot, Job, JobEvent } from '@foreman/jobs'
import { clock } from '../../../format/duration.ts'
import { visible } from '../../../format/visible.ts'
import { live } from '../../../live/live.ts'
import { useNow } from '../../../live/now.ts'
import { useStore } from '../../../store/use-store.ts'
import { Bar } from '../../../ui/bar.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { RelativeTime } from '../../../ui/time.tsx'
import { endInWords, reasonInWords, stretchesInWords } from './attempt-words.ts'
import { type Attempt, attemptsOf } from './attempts.ts'

interface AttemptsProps {
  readonly job: Job
  readonly events: readonly JobEvent[]
}

/** Where the time went: a bar for each attempt, all to the same scale. */
export const AttemptsPanel = ({ job, events }: AttemptsProps) => {
  const attempts = attemptsOf(job, events, useNow())
  const longest = Math.max(1, ...attempts.map(lengthOf))
  if (attempts.length === 0) return null
  return (
    <Panel title="Where the time went" aside={<Legend attempts={attempts} />}>
      <ol class="attempts">
        {attempts.map((attempt, n) => (
          <li key={n}>
            <AttemptRow job={job} attempt={attempt} longest={longest} />
          </li>
        ))}
      </ol>
    </Panel>
  )
}

const lengthOf = ({ stretches }: Attempt): number => stretches.reduce((sum, { ms }) => sum + ms, 0)

const LEGEND = [
  ['waited', 'waited'],
  ['loaded', 'load'],
  ['prompt', 'prompt'],
  ['generated', 'generated'],
  ['ran', 'ran'],
] as const

const Legend = ({ attempts }: { readonly attempts: readonly Attempt[] }) => {
  const kinds = new Set(attempts.flatMap(({ stretches }) => stretches.map(({ kind }) => kind)))
  return (
    <span class="legend" aria-hidden="true">
      {LEGEND.filter(([kind]) => kinds.has(kind)).map(([kind, word]) => (
        <span key={kind}>
          <i class={`swatch ${kind}`} />
          {word}
        </span>
      ))}
    </span>
  )
}

interface RowProps {
  readonly job: Job
  readonly attempt: Attempt
  readonly longest: number
}

const AttemptRow = ({ job, attempt, longest }: RowProps) => {
  const { attempt: number, startedAt, reason, stretches } = attempt
  const words = stretchesInWords(stretches)
  return (
    <>
      <Bar
        parts={stretches.map(({ kind, ms }) => ({ name: kind, value: ms, look: kind }))}
        whole={longest}
        label={words}
      />
      <p>
        {number === undefined ? (
          `Waiting for ${clock(lengthOf(attempt))}.`
        ) : (
          <>
            Attempt {number} started <RelativeTime at={startedAt!} />
            {reason !== undefined && ` because ${reasonInWords(reason)}`};{' '}
            {job.state === 'running' && !attempt.end ? <Phase job={job} /> : visible(endInWords(attempt))}.
          </>
        )}{' '}
        {number !== undefined && (
          <span class="muted" aria-hidden="true">
            {words}
          </span>
        )}
      </p>
    </>
  )
}

const PHASES: Readonly<Record<InFlightSnapshot['phase'], string>> = {
  loading: 'its model is being loaded',
  prompt: 'it reads the prompt',
  generating: 'it generates',
}

/** What the target does with it, as the queue tells. */
const Phase = ({ job: { id } }: { readonly job: Job }) => {
  const phase = useStore(
    live,
    ({ snapshot }) =>
      snapshot?.targets.flatMap(({ in_flight: jobs }) => jobs).find(({ job }) => job === id)?.phase,
  )
  return <>{phase === undefined ? 'it runs' : PHASES[phase]}</>
}
