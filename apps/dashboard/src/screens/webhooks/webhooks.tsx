import { mayAct, seesAll, session } from '../../api/session.ts'
import { count } from '../../format/number.ts'
import { live, serverNow } from '../../live/live.ts'
import { useRoute } from '../../router/navigation.ts'
import { OperationNotes } from '../../steering/operation-notes.tsx'
import { askRedeliverMany } from '../../steering/redeliver.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { Duration } from '../../ui/time.tsx'
import { DeliveryList } from './delivery-list.tsx'
import { deadFilterOf, deadInWords } from './filters.ts'
import { Receivers } from './receivers.tsx'

/** Where webhooks go, what is wrong there, and each of them. */
export const Webhooks = () => {
  const { filters } = useRoute()
  const you = useStore(session.state)
  return (
    <>
      <div class="headline">
        <h1>Webhooks</h1>
        <Counts />
        {mayAct(you) && (
          <div class="actions">
            <Button
              icon="again"
              onClick={() => askRedeliverMany(deadFilterOf(filters, serverNow()), deadInWords(filters))}
            >
              Send the dead again …
            </Button>
          </div>
        )}
      </div>
      <OperationNotes />
      {seesAll(you) && <Receivers />}
      <DeliveryList filters={filters} />
    </>
  )
}

const Counts = () => {
  const webhooks = useStore(live, ({ snapshot }) => snapshot?.webhooks)
  if (!webhooks) return null
  const { pending, oldest_ms: oldestMs, dead_day: dead } = webhooks
  return (
    <p class="counts">
      <span>
        {count(pending)} pending
        {oldestMs !== undefined && pending > 0 && (
          <>
            , the oldest for <Duration ms={oldestMs} />
          </>
        )}
      </span>
      <span>{count(dead)} died in the last day</span>
    </p>
  )
}
