import { messageOf } from '../api/problem.ts'
import { clock } from '../format/duration.ts'
import { live } from '../live/live.ts'
import { useTick } from '../live/now.ts'
import { useStore } from '../store/use-store.ts'
import { Announcer } from '../ui/announcer.tsx'
import { Button } from '../ui/button.tsx'
import { ErrorNote, Note } from '../ui/note.tsx'

/** That the page does not show how things are now. It lies over the page, which must not move for it. */
export const ConnectionNotes = () => {
  const { stream, receivedAt, snapshot, firstVersion } = useStore(live)
  useTick()
  return (
    <>
      <Announcer text={stream.kind === 'lost' ? 'The connection is lost.' : ''} />
      {stream.kind === 'lost' && (
        <Note kind="warning">
          The connection is lost ({messageOf(stream.error)}).{' '}
          {receivedAt === undefined
            ? 'Nothing has come yet.'
            : `What you see is ${clock(Date.now() - receivedAt)} old.`}{' '}
          The next attempt is in {clock(stream.retryAt - Date.now())}.
        </Note>
      )}
      {snapshot && snapshot.version !== firstVersion && (
        <Note kind="news" actions={<Button onClick={() => location.reload()}>Reload</Button>}>
          The server has another version now ({snapshot.version}). This page is of {firstVersion}.
        </Note>
      )}
    </>
  )
}

/** That the server does not let the queue be seen. Without a token, the page asks for one instead. */
export const RefusalNote = () => {
  const stream = useStore(live, state => state.stream)
  return stream.kind === 'refused' && stream.error.status !== 401 ? <ErrorNote error={stream.error} /> : null
}
