import type { QueueSnapshot } from '@foreman/jobs'
import { Button } from '../ui/button.tsx'
import { askEndTurn } from './end-turn.ts'
import { askPauseOrResume } from './pause.ts'

/** Ends the turn, and pauses or resumes. */
export const TurnButtons = ({ snapshot }: { readonly snapshot: QueueSnapshot }) => {
  const isPaused = snapshot.holds.some(({ kind }) => kind === 'pause')
  const hasTurn = snapshot.targets.some(({ turn }) => turn !== undefined)
  return (
    <>
      {hasTurn && !isPaused && (
        <Button icon="skip" onClick={() => askEndTurn(snapshot)}>
          End the turn
        </Button>
      )}
      <Button icon={isPaused ? 'play' : 'pause'} onClick={() => askPauseOrResume(snapshot)}>
        {isPaused ? 'Resume' : 'Pause'}
      </Button>
    </>
  )
}
