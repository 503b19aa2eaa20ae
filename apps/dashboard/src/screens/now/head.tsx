import type { Hold } from '@foreman/jobs'
import { mayAct, session } from '../../api/session.ts'
import { live } from '../../live/live.ts'
import { useNow } from '../../live/now.ts'
import { holdWords } from '../../steering/hold-words.ts'
import { askRelease } from '../../steering/hold.ts'
import { TurnButtons } from '../../steering/turn-buttons.tsx'
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
  const sentence = sentenceOf(snapshot, useNow())
  return (
    <>
      <div class="headline">
        <h1>{sentence}</h1>
        <Announcer text={sentence} about={aboutOf(snapshot)} />
        {canAct && (
          <div class="actions">
            <TurnButtons snapshot={snapshot} />
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

const HoldNote = ({ hold, canAct }: { readonly hold: Hold; readonly canAct: boolean }) => {
  const { kind, subject, since, until, by, reason } = hold
  const actions = canAct && kind !== 'pause' && (
    <Button onClick={() => askRelease(hold)}>{kind === 'close' ? 'Open' : 'Release'}</Button>
  )
  return (
    <Note kind="wanted" actions={actions}>
      {subject !== undefined && <strong>{subject} </strong>}
      {holdWords[kind]}
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
