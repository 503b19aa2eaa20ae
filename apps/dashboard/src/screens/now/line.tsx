import type { GroupSnapshot } from '@foreman/jobs'
import { mayAct, needsToken, session } from '../../api/session.ts'
import { duration } from '../../format/duration.ts'
import { count } from '../../format/number.ts'
import { timeOfDay } from '../../format/time.ts'
import { live } from '../../live/live.ts'
import { useRoute } from '../../router/navigation.ts'
import { askHold } from '../../steering/hold.ts'
import { useStore } from '../../store/use-store.ts'
import { Bar } from '../../ui/bar.tsx'
import { Button } from '../../ui/button.tsx'
import { FilterBar } from '../../ui/filter-bar.tsx'
import { Empty } from '../../ui/note.tsx'
import { StillPanel } from '../../ui/still-panel.tsx'
import type { Column } from '../../ui/table.tsx'
import { RelativeTime, Since } from '../../ui/time.tsx'
import { firstRequest } from './first-request.ts'

/** New groups stand below the others while somebody looks closely. */
const MORE = 20

const keyOf = ({ group }: GroupSnapshot): string => group

const actions: Column<GroupSnapshot> = {
  head: 'Actions',
  kind: 'actions',
  cell: ({ models: [model] }) =>
    model !== undefined && (
      <Button look="quiet" icon="hand" label={`Hold ${model}`} onClick={() => askHold('model', model)} />
    ),
}

/** What waits: a row for each group of jobs between which the target loads nothing. */
export const Line = () => {
  const snapshot = useStore(live, state => state.snapshot)!
  const who = useStore(session.state)
  const { filters } = useRoute()
  const wanted = (filters['model'] ?? '').toLowerCase()
  const groups = snapshot.groups.filter(({ models }) =>
    models.some(each => each.toLowerCase().includes(wanted)),
  )
  const longest = Math.max(1, ...snapshot.groups.map(total))
  const receivedAt = Date.parse(snapshot.at)
  const columns: readonly Column<GroupSnapshot>[] = [
    { head: 'Model', cell: group => <Names group={group} /> },
    { head: 'Jobs', kind: 'number', cell: group => count(total(group)) },
    { head: 'By priority', cell: group => <Priorities group={group} longest={longest} /> },
    {
      head: 'Oldest waits',
      kind: 'number',
      cell: ({ oldest_wait_ms: ms }) => <Since at={receivedAt - ms} />,
    },
    { head: 'Starts', kind: 'number', cell: group => <Start group={group} at={receivedAt} /> },
    { head: 'Why it waits', kind: 'text', cell: ({ why }) => why.text },
    ...(mayAct(who) ? [actions] : []),
  ]
  return (
    <StillPanel
      title="Line"
      caption="Groups of jobs that wait"
      columns={columns}
      latest={groups}
      keyOf={keyOf}
      more={MORE}
      aside={<Counts />}
    >
      {groups.length === 0 &&
        (snapshot.groups.length > 0 ? (
          <Empty>No model whose name has “{wanted}” in it waits.</Empty>
        ) : (
          <Empty command={firstRequest(snapshot, needsToken(who))}>Nothing waits. This sends a job:</Empty>
        ))}
    </StillPanel>
  )
}

const total = ({ queued: { high, normal, low } }: GroupSnapshot): number => high + normal + low

const Names = ({ group }: { readonly group: GroupSnapshot }) => {
  const { models, load_options: options = {}, load_ms: loadMs, job_ms: jobMs } = group
  const facts = [
    ...Object.entries(options).map(([name, value]) => `${name} ${String(value)}`),
    ...(loadMs === undefined ? [] : [`loads in ${duration(loadMs)}`]),
    ...(jobMs === undefined ? [] : [`${duration(jobMs)} a job`]),
  ]
  return (
    <>
      {models.join(', ')}
      <small class="under">{facts.join(' · ')}</small>
    </>
  )
}

const Priorities = ({ group, longest }: { readonly group: GroupSnapshot; readonly longest: number }) => {
  const { high, normal, low } = group.queued
  const parts = [
    { name: 'high', value: high, look: 'high' },
    { name: 'normal', value: normal, look: 'normal' },
    { name: 'low', value: low, look: 'low' },
  ]
  const words = parts.filter(({ value }) => value > 0).map(({ name, value }) => `${count(value)} ${name}`)
  return (
    <div class="priorities">
      <Bar parts={parts} whole={longest} label={words.join(', ')} />
      <small aria-hidden="true">{words.join(' · ')}</small>
    </div>
  )
}

const Start = ({ group, at }: { readonly group: GroupSnapshot; readonly at: number }) => {
  const { starts_in_ms: inMs, starts_at_latest: latest } = group
  if (inMs === undefined) return <span class="muted">unknown</span>
  return (
    <>
      <RelativeTime at={at + inMs} />
      {latest !== undefined && <small class="under">{timeOfDay(Date.parse(latest))} at the latest</small>}
    </>
  )
}

const Counts = () => {
  const { queued, delayed } = useStore(live, state => state.snapshot)!
  return (
    <>
      <span>
        {count(queued)} queued{delayed > 0 && `, ${count(delayed)} of them delayed`}
      </span>
      <FilterBar filters={[{ name: 'model', label: 'Model' }]} />
    </>
  )
}
