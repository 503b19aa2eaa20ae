import type { Timeline as Turns } from '@foreman/jobs'
import { api } from '../../../api/api.ts'
import { seesAll, session } from '../../../api/session.ts'
import { serverNow } from '../../../live/live.ts'
import { useResource } from '../../../live/use-resource.ts'
import { useRoute } from '../../../router/navigation.ts'
import { useStore } from '../../../store/use-store.ts'
import { FilterBar } from '../../../ui/filter-bar.tsx'
import { ErrorNote } from '../../../ui/note.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { blocksOf, phasesOf } from './blocks.ts'
import { type Span, spanOf, spans } from './spans.ts'
import { TurnTable } from './turn-table.tsx'

/** Which model had its turn when, and when none could. */
export const Timeline = () => {
  const { filters } = useRoute()
  const isShown = useStore(session.state, seesAll)
  if (!isShown) return null
  return <TimelineOf span={spanOf(filters['span'])} />
}

const TimelineOf = ({ span }: { readonly span: Span }) => {
  const {
    value: turns,
    error,
    reload,
  } = useResource(
    span.value,
    signal => {
      const until = serverNow()
      const time = { from: new Date(until - span.ms).toISOString(), until: new Date(until).toISOString() }
      return api.get<Turns>('/queue/timeline', time, signal)
    },
    span,
  )
  return (
    <Panel
      title="Timeline"
      aside={<FilterBar filters={[{ name: 'span', label: 'The last', choices: spans }]} />}
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {turns && <Lanes turns={turns} />}
    </Panel>
  )
}

const Lanes = ({ turns }: { readonly turns: Turns }) => {
  const now = Date.parse(turns.until)
  return <TurnTable blocks={blocksOf(turns.turns, now)} phases={phasesOf(turns, now)} />
}
