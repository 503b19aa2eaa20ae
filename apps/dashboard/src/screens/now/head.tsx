import type { Hold } from '@foreman/jobs'
import { mayAct, session } from '../../api/session.ts'
import { live } from '../../live/live.ts'
import { useNow } from '../../live/now.ts'
import { askEndTurn } from '../../steering/end-turn.ts'
import { askRelease } from '../../steering/hold.ts'
import { askPauseOrResume } from '../../steering/pause.ts'
import { useStore } from '../../store/use-store.ts'
import { Announcer } from '../../ui/announcer.tsx'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { aboutOf, sentenceOf } from './sentence.ts'
import { troubleOf } from './troubles.ts'

/** How it stands in a sentence, what is wrong, what is held, and what can be done. */
export const Head = () => {
  const snapshot = useStore(live, state => state.snapshot)!
  const canAct = useStore(session.state, mayAct)
  const isPaused = snapshot.holds.some(({ kind }) => kind === 'pause')
  const hasTurn = snapshot.targets.some(({ turn }) => turn !== undefined)
  const sentence = sentenceOf(snapshot, useNow())
  return (
    <>
      <div class="headline">
        <h1>{sentence}</h1>
        <Announcer text={sentence} about={aboutOf(snapshot)} />
        {canAct && (
          <div class="actions">
            {hasTurn && !isPaused && (
              <Button icon="skip" onClick={() => askEndTurn(snapshot)}>
                End the turn
              </Button>
            )}
            <Button icon={isPaused ? 'play' : 'pause'} onClick={() => askPauseOrResume(snapshot)}>
              {isPaused ? 'Resume' : 'Pause'}
            </Button>
          </div>
        )}
      </div>
      {snapshot.health.reasons.map(reason => (
        <Note key={reason} kind="wrong">
          {troubleOf(reason).what} <span class="muted">{troubleOf(reason).todo}</span>
        </Note>
      ))}
      {snapshot.holds.map(hold => (
        <HoldNote key={hold.id} hold={hold} canAct={canAct} />
      ))}
    </>
  )
}

const WORDS: Readonly<Record<Hold['kind'], string>> = {
  pause: 'Paused',
  close: 'Closed: nothing new is taken',
  model: 'is held',
  priority: 'jobs are held',
  caller: 'is held',
  open_model: 'runs outside of its window',
  open_priority: 'jobs run outside of their window',
}

const HoldNote = ({ hold, canAct }: { readonly hold: Hold; readonly canAct: boolean }) => {
  const { id, kind, subject, since, until, by, reason } = hold
  const what = subject ?? 'What was closed'
  const actions = canAct && kind !== 'pause' && (
    <Button onClick={() => askRelease(id, what)}>{kind === 'close' ? 'Open' : 'Release'}</Button>
  )
  return (
    <Note kind="wanted" actions={actions}>
      {subject !== undefined && <strong>{subject} </strong>}
      {WORDS[kind]}
      {reason !== undefined && `: ${reason}`}{' '}
      <span class="muted">
        {by !== undefined && `by ${by} `}
        <RelativeTime at={since} />
        {until !== undefined && (
          <>
            , over <RelativeTime at={until} />
          </>
        )}
      </span>
    </Note>
  )
}
