import { type DeliveryPage, deliveryStates, type ListedDelivery } from '@foreman/jobs'
import { api } from '../../api/api.ts'
import { mayChangeJobs, session } from '../../api/session.ts'
import { count } from '../../format/number.ts'
import { visible } from '../../format/visible.ts'
import { serverNow } from '../../live/live.ts'
import { useNews } from '../../live/use-news.ts'
import { useResource } from '../../live/use-resource.ts'
import { goTo } from '../../router/navigation.ts'
import type { Filters } from '../../router/route.ts'
import { redeliverColumn } from '../../steering/redeliver-column.tsx'
import { useStore } from '../../store/use-store.ts'
import { DeliveryAttempts } from '../../ui/delivery-attempts.tsx'
import { choicesOf, type Filter, FilterBar } from '../../ui/filter-bar.tsx'
import { JobLink } from '../../ui/id-link.tsx'
import { ErrorNote } from '../../ui/note.tsx'
import { PageEnd } from '../../ui/page-end.tsx'
import { Pager } from '../../ui/pager.tsx'
import { sinceFilter } from '../../ui/since-filter.ts'
import { StateMark } from '../../ui/state-mark.tsx'
import { StillPanel } from '../../ui/still-panel.tsx'
import type { Column } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { useSettled } from '../../ui/use-settled.ts'
import { queryOf } from './filters.ts'

const FILTERS: readonly Filter[] = [
  { name: 'state', label: 'State', choices: choicesOf(deliveryStates) },
  { name: 'host', label: 'Receiver' },
  { name: 'caller', label: 'Caller' },
  sinceFilter,
]

const keyOf = ({ id }: ListedDelivery): string => id

/** Webhooks of all jobs, the newest first. */
export const DeliveryList = ({ filters }: { readonly filters: Filters }) => {
  const mayChange = useStore(session.state, mayChangeJobs)
  const key = useSettled(JSON.stringify(filters))
  const { value, error, reload } = useResource(key, signal =>
    api.get<DeliveryPage>('/deliveries', queryOf(JSON.parse(key) as Filters, serverNow()), signal),
  )
  useNews(reload)
  const next = value?.next_before
  const rows = value?.deliveries.length ?? 0
  return (
    <>
      <FilterBar filters={FILTERS} />
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      <StillPanel
        title="Webhooks"
        caption="Webhooks, the newest first"
        columns={columnsFor(mayChange, reload)}
        latest={value?.deliveries}
        keyOf={keyOf}
      >
        {value ? (
          <PageEnd
            rows={rows}
            searchedTo={value.searched_to}
            isLast={next === null}
            what={`${filters['state'] ?? ''} webhooks here`.trim()}
          />
        ) : (
          error === undefined && <p class="muted">Looking …</p>
        )}
        <Pager
          onPrevious={filters['cursor'] ? () => history.back() : undefined}
          onNext={
            next ? () => goTo({ screen: 'webhooks', filters: { ...filters, cursor: next } }) : undefined
          }
        >
          {`${count(rows)} shown`}
        </Pager>
      </StillPanel>
    </>
  )
}

const columnsFor = (mayChange: boolean, changed: () => void): readonly Column<ListedDelivery>[] => [
  {
    head: 'State',
    cell: ({ state, event }) => (
      <>
        <StateMark state={state} />
        <small class="under">{event}</small>
      </>
    ),
  },
  {
    head: 'Job',
    cell: ({ job, caller }) => (
      <>
        <JobLink id={job} />
        <small class="under">{visible(caller)}</small>
      </>
    ),
  },
  { head: 'Receiver', cell: ({ url }) => visible(url) },
  { head: 'Written', cell: ({ created_at: at }) => <RelativeTime at={at} /> },
  { head: 'Attempts', kind: 'text', cell: delivery => <DeliveryAttempts delivery={delivery} /> },
  ...(mayChange ? [redeliverColumn<ListedDelivery>(({ job }) => job, changed)] : []),
]
