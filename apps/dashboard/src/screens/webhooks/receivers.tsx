import type { Receiver, Receivers as Answer } from '@foreman/jobs'
import { api } from '../../api/api.ts'
import { mayAct, session } from '../../api/session.ts'
import { count } from '../../format/number.ts'
import { visible } from '../../format/visible.ts'
import { useNews } from '../../live/use-news.ts'
import { useResource } from '../../live/use-resource.ts'
import { formatRoute } from '../../router/route.ts'
import { askRedeliverMany } from '../../steering/redeliver.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { Empty, ErrorNote } from '../../ui/note.tsx'
import { StillPanel } from '../../ui/still-panel.tsx'
import type { Column } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { errorInWords } from './error-words.ts'

const keyOf = ({ host }: Receiver): string => host
const LEAST_MS = 5_000

const columns: readonly Column<Receiver>[] = [
  {
    head: 'Receiver',
    cell: ({ host }) => <a href={formatRoute({ screen: 'webhooks', filters: { host } })}>{visible(host)}</a>,
  },
  { head: 'Pending', kind: 'number', cell: ({ pending }) => count(pending) },
  { head: 'Dead', kind: 'number', cell: ({ dead }) => count(dead) },
  {
    head: 'Last attempt',
    cell: ({ last_at: at }) => (at === undefined ? 'long ago' : <RelativeTime at={at} />),
  },
  { head: 'Last error', kind: 'text', cell: receiver => <LastError receiver={receiver} /> },
]

const actions: Column<Receiver> = {
  head: 'Actions',
  kind: 'actions',
  cell: ({ host, dead }) =>
    dead > 0 && (
      <Button
        look="quiet"
        icon="again"
        label={`Send the dead webhooks to ${host} again`}
        onClick={() => askRedeliverMany({ host }, `dead webhooks to ${host}`)}
      />
    ),
}

/** The hosts that webhooks go to, those with the most undelivered ones first. */
export const Receivers = () => {
  const canAct = useStore(session.state, mayAct)
  const { value, error, reload } = useResource('receivers', signal =>
    api.get<Answer>('/deliveries/receivers', {}, signal),
  )
  useNews(reload, LEAST_MS)
  return (
    <StillPanel
      title="Receivers"
      caption="Hosts that webhooks go to"
      columns={canAct ? [...columns, actions] : columns}
      latest={value?.receivers}
      keyOf={keyOf}
      aside={value?.is_cut && 'those with the most undelivered webhooks'}
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value?.receivers.length === 0 && (
        <Empty>No webhook has gone anywhere. A job is submitted with the URL that hears of it.</Empty>
      )}
    </StillPanel>
  )
}

const LastError = ({ receiver: { last_error: error, gone_at: goneAt } }: { readonly receiver: Receiver }) => (
  <>
    {error ? (
      <span>
        {visible(errorInWords(error))}, <RelativeTime at={error.at} />
      </span>
    ) : (
      <span class="muted">none</span>
    )}
    {goneAt !== undefined && (
      <small class="under">
        a URL answered that it is gone (410) <RelativeTime at={goneAt} />
      </small>
    )}
  </>
)
