import { seesAll, session } from '../../api/session.ts'
import { live } from '../../live/live.ts'
import { useStore } from '../../store/use-store.ts'
import { Panel } from '../../ui/panel.tsx'
import { CallerTable } from './caller-table.tsx'
import { Hours } from './hours.tsx'

/** Who uses the target, now, in this hour and in the last day. */
export const Callers = () => {
  const isKnown = useStore(live, ({ snapshot }) => snapshot !== undefined)
  const hasHistory = useStore(session.state, seesAll)
  return (
    <>
      <h1>Callers</h1>
      {isKnown && (
        <Panel title="Now and this hour">
          <CallerTable />
        </Panel>
      )}
      {hasHistory && <Hours />}
    </>
  )
}
