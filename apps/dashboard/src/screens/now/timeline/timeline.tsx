import type { ArrivalOrder, QueueHistory, QueueSnapshot, Timeline as Turns } from '@foreman/jobs'
import { useState } from 'preact/hooks'
import { api } from '../../../api/api.ts'
import { seesAll, session } from '../../../api/session.ts'
import { live, serverNow } from '../../../live/live.ts'
import { useResource } from '../../../live/use-resource.ts'
import { useRoute } from '../../../router/navigation.ts'
import { useStore } from '../../../store/use-store.ts'
import { Button } from '../../../ui/button.tsx'
import { FilterBar } from '../../../ui/filter-bar.tsx'
import { ErrorNote } from '../../../ui/note.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { blocksOf, phasesOf } from './blocks.ts'
import { Chart } from './chart.tsx'
import { savedInWords } from './saved.ts'
import type { Point } from './scale.ts'
import { type Span, spanOf, spans } from './spans.ts'
import { TurnTable } from './turn-table.tsx'
import './timeline.css'

/** Which model had its turn when, and what the order of arrival would have done instead. */
export const Timeline = () => {
  const { filters } = useRoute()
  const isShown = useStore(session.state, seesAll)
  if (!isShown) return null
  return <TimelineOf span={spanOf(filters['span'])} />
}

const TimelineOf = ({ span }: { readonly span: Span }) => {
  const [isTable, setTable] = useState(false)
  const snapshot = useStore(live, state => state.snapshot)!
  const { value, error, reload } = useResource(span.value, signal => loadLanes(span, signal), span)
  const ghost = useResource(
    span.value,
    signal => api.get<ArrivalOrder>('/queue/arrival-order', timeOf(span), signal),
    // It is laid out anew each time.
    { everyMs: Math.max(30_000, span.everyMs) },
  )
  const saved = ghost.value && savedInWords(ghost.value)
  return (
    <Panel
      title="Timeline"
      aside={
        <>
          {saved !== undefined && <strong class="saved">{saved}</strong>}
          <FilterBar filters={[{ name: 'span', label: 'The last', choices: spans }]} />
          <Button onClick={() => setTable(!isTable)}>{isTable ? 'Lanes' : 'Table'}</Button>
        </>
      }
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value &&
        (isTable ? (
          <Rows turns={value.turns} />
        ) : (
          <Chart
            turns={value.turns}
            depth={[...value.depth, { at: Date.parse(value.turns.until), value: snapshot.queued }]}
            arrival={ghost.value}
            {...stateOf(snapshot)}
          />
        ))}
      {value?.turns.is_cut && (
        <p class="small">Earlier turns of this time are left out, as there are too many.</p>
      )}
    </Panel>
  )
}

const Rows = ({ turns }: { readonly turns: Turns }) => {
  const now = Date.parse(turns.until)
  return <TurnTable blocks={blocksOf(turns.turns, { now })} phases={phasesOf(turns, now)} />
}

/** The same for all pages that show it, as long as it is not asked for anew: then the server answers once for all of them. */
const timeOf = ({ ms, everyMs }: Span) => {
  const until = Math.ceil(serverNow() / everyMs) * everyMs
  return { from: new Date(until - ms).toISOString(), until: new Date(until).toISOString() }
}

const loadLanes = async (span: Span, signal: AbortSignal) => {
  const time = timeOf(span)
  const [turns, history] = await Promise.all([
    api.get<Turns>('/queue/timeline', time, signal),
    api.get<QueueHistory>('/queue/history', { ...time, step: span.step }, signal),
  ])
  const depth = history.steps.flatMap(({ at, queued }): Point[] =>
    queued === undefined ? [] : [{ at: Date.parse(at), value: queued }],
  )
  return { turns, depth }
}

/** What the target does at this moment. */
const stateOf = ({ targets: [target] }: QueueSnapshot) => {
  const jobs = target?.in_flight ?? []
  const until = target?.turn?.expects?.until
  return {
    present: {
      turn: jobs.length > 0 ? target?.turn : undefined,
      isLoading: jobs.every(({ phase }) => phase === 'loading'),
    },
    expectsUntil: until === undefined ? undefined : Date.parse(until),
  }
}
