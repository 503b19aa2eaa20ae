import type { QueueHistory } from '@foreman/jobs'
import { useState } from 'preact/hooks'
import { api } from '../../api/api.ts'
import { duration } from '../../format/duration.ts'
import { count, roughly } from '../../format/number.ts'
import { serverNow } from '../../live/live.ts'
import { useResource } from '../../live/use-resource.ts'
import { useRoute } from '../../router/navigation.ts'
import { Button } from '../../ui/button.tsx'
import { FilterBar } from '../../ui/filter-bar.tsx'
import { Empty, ErrorNote } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { HoursChart } from './hours-chart.tsx'
import { HoursTable } from './hours-table.tsx'
import { type Measure, stacksOf } from './stacks.ts'

const HOURS = 24
const HOUR_MS = 3_600_000
const EVERY_MS = 60_000

interface Kind {
  readonly value: Measure
  readonly label: string
  readonly format: (value: number) => string
}

const kinds: readonly [Kind, ...Kind[]] = [
  { value: 'target_ms', label: 'Time of the target', format: duration },
  { value: 'jobs', label: 'Jobs', format: count },
  { value: 'tokens', label: 'Tokens', format: roughly },
]

/** Who used how much of the target in which hour of the last day. */
export const Hours = () => {
  const wanted = useRoute().filters['of']
  const kind = kinds.find(({ value }) => value === wanted) ?? kinds[0]
  const [isTable, setTable] = useState(false)
  const { value, error, reload } = useResource('hours', loadHours, { everyMs: EVERY_MS })
  const stacks = value && stacksOf(value, kind.value, { now: serverNow(), count: HOURS })
  const shown = stacks && { stacks, what: kind.label, format: kind.format }
  return (
    <Panel
      title="The last 24 hours"
      aside={
        <>
          <FilterBar filters={[{ name: 'of', label: 'Show', choices: kinds }]} />
          <Button onClick={() => setTable(!isTable)}>{isTable ? 'Chart' : 'Table'}</Button>
        </>
      }
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {shown &&
        (stacks.callers.length === 0 ? (
          <Empty>Nobody has used the target.</Empty>
        ) : isTable ? (
          <HoursTable {...shown} />
        ) : (
          <HoursChart {...shown} />
        ))}
    </Panel>
  )
}

const loadHours = (signal: AbortSignal) => {
  const until = serverNow()
  const from = Math.floor(until / HOUR_MS) * HOUR_MS - (HOURS - 1) * HOUR_MS
  const time = { from: new Date(from).toISOString(), until: new Date(until).toISOString() }
  return api.get<QueueHistory>('/queue/history', { ...time, step: '1h' }, signal)
}
