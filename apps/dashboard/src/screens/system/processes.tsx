import { type QueueSystem, sizeInWords, type SystemProcess } from '@foreman/jobs'
import { Icon } from '../../ui/icon.tsx'
import { Panel } from '../../ui/panel.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Duration, RelativeTime, Since } from '../../ui/time.tsx'

const NONE = '–'

const columns: readonly Column<SystemProcess>[] = [
  {
    head: 'Process',
    cell: ({ kind, id, standby }) => (
      <span title={id}>
        {kind}
        {standby && <small class="under">stands by</small>}
      </span>
    ),
  },
  { head: 'Version', cell: ({ version }) => version ?? NONE },
  {
    head: 'Runs',
    kind: 'number',
    cell: ({ started_at: at }) => (at === undefined ? NONE : <Since at={at} />),
  },
  {
    head: 'Seen',
    kind: 'number',
    cell: ({ seen_at: at }) => (at === undefined ? NONE : <RelativeTime at={at} />),
  },
  {
    head: 'Memory',
    kind: 'number',
    cell: ({ resident_bytes: size }) => (size === undefined ? NONE : sizeInWords(size)),
  },
  {
    head: 'CPU time',
    kind: 'number',
    cell: ({ cpu_seconds: seconds }) => (seconds === undefined ? NONE : <Duration ms={seconds * 1_000} />),
  },
  {
    head: 'Event loop late, p99',
    kind: 'number',
    cell: ({ event_loop_p99_ms: ms }) => (ms === undefined ? NONE : <Duration ms={ms} />),
  },
  { head: 'Shared settings', kind: 'text', cell: process => <Settings process={process} /> },
]

const targetInWords = ({ url, ollama_version: version }: QueueSystem['target']): string =>
  version === undefined ? `the target is ${url}` : `the target is Ollama ${version} at ${url}`

/** The gateways and workers on the file, and what they work for. */
export const Processes = ({ processes, target }: Pick<QueueSystem, 'processes' | 'target'>) => (
  <Panel title="Processes" aside={targetInWords(target)}>
    <Table
      caption="Gateways and workers"
      columns={columns}
      rows={processes.toSorted((a, b) => a.kind.localeCompare(b.kind) || a.id.localeCompare(b.id))}
      keyOf={({ id }) => id}
    />
  </Panel>
)

const Settings = ({ process }: { readonly process: SystemProcess }) => {
  const { same_settings: isSame, differing_settings: differing = [] } = process
  if (isSame === undefined) return <>{NONE}</>
  if (isSame) return <>the same</>
  return (
    <span class="mark wrong differs">
      <Icon name="warning" />
      <span>other values of {differing.join(', ')}</span>
    </span>
  )
}
