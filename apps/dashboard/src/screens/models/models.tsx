import { type QueueModels, type QueueSystem, sizeInWords } from '@foreman/jobs'
import { api } from '../../api/api.ts'
import { seesAll, session } from '../../api/session.ts'
import { live } from '../../live/live.ts'
import { useNews } from '../../live/use-news.ts'
import { useResource } from '../../live/use-resource.ts'
import { useRoute } from '../../router/navigation.ts'
import { useStore } from '../../store/use-store.ts'
import { FilterBar } from '../../ui/filter-bar.tsx'
import { Empty, ErrorNote } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { bytesInMemory, type ModelFacts, modelRows } from './model-rows.ts'
import { ModelTable } from './model-table.tsx'

/** Windows open and close by the minute. */
const WINDOWS_EVERY_MS = 30_000

/** What each model costs and does, and whether it is in memory. */
export const Models = () => {
  const who = useStore(session.state, state => state.you?.role)
  const isKnown = useStore(live, ({ snapshot }) => snapshot !== undefined)
  if (!isKnown || who === undefined) return <h1>Models</h1>
  return (
    <>
      <h1>Models</h1>
      {who === 'caller' ? <InMemory /> : <Measured />}
    </>
  )
}

/** What callers may know: what is in memory. */
const InMemory = () => <Rows figures={[]} windows={[]} onDone={() => undefined} />

const Measured = () => {
  const models = useResource('models', signal => api.get<QueueModels>('/queue/models', {}, signal))
  const system = useResource('windows', signal => api.get<QueueSystem>('/queue/system', {}, signal), {
    everyMs: WINDOWS_EVERY_MS,
  })
  const reload = () => {
    models.reload()
    system.reload()
  }
  useNews(models.reload)
  const error = models.error ?? system.error
  return (
    <>
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {models.value && (
        <Rows figures={models.value.models} windows={system.value?.windows?.open ?? []} onDone={reload} />
      )}
    </>
  )
}

const Rows = ({
  figures,
  windows,
  onDone,
}: Omit<ModelFacts, 'snapshot'> & { readonly onDone: () => void }) => {
  const snapshot = useStore(live, state => state.snapshot)!
  const hasFigures = useStore(session.state, seesAll)
  const wanted = (useRoute().filters['model'] ?? '').toLowerCase()
  const all = modelRows({ figures, snapshot, windows })
  const rows = all.filter(({ model }) => model.toLowerCase().includes(wanted))
  return (
    <Panel
      title={hasFigures ? 'Since foreman counts' : 'In memory'}
      aside={
        <>
          {sizeInWords(bytesInMemory(all))} in memory
          <FilterBar filters={[{ name: 'model', label: 'Model' }]} />
        </>
      }
    >
      {rows.length > 0 ? (
        <ModelTable rows={rows} hasFigures={hasFigures} onDone={onDone} />
      ) : (
        <Empty>
          {all.length === 0
            ? 'No model is in memory, and none was used yet.'
            : `No model has “${wanted}” in its name.`}
        </Empty>
      )}
    </Panel>
  )
}
