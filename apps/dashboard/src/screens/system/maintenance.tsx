import { live } from '../../live/live.ts'
import { askClose, askOpen } from '../../steering/close.ts'
import { askHoldPriority } from '../../steering/hold.ts'
import { TurnButtons } from '../../steering/turn-buttons.tsx'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'

/** What concerns the whole queue. */
export const Maintenance = () => {
  const snapshot = useStore(live, state => state.snapshot)!
  const isClosed = snapshot.holds.some(({ kind }) => kind === 'close')
  return (
    <div class="actions">
      <TurnButtons snapshot={snapshot} />
      <Button icon="hand" onClick={askHoldPriority}>
        Hold a priority
      </Button>
      <Button onClick={isClosed ? askOpen : askClose}>{isClosed ? 'Open' : 'Close'}</Button>
    </div>
  )
}
