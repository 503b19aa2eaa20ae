import type { QueueSystem } from '@foreman/jobs'
import { api } from '../../api/api.ts'
import { mayAct, seesAll, session } from '../../api/session.ts'
import { live } from '../../live/live.ts'
import { useResource } from '../../live/use-resource.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { ErrorNote, Note } from '../../ui/note.tsx'
import { Holds } from './holds.tsx'
import { Maintenance } from './maintenance.tsx'
import { Operations } from './operations.tsx'
import { Processes } from './processes.tsx'
import { Settings } from './settings.tsx'
import { Storage } from './storage.tsx'
import { Windows } from './windows.tsx'
import './system.css'

const EVERY_MS = 5_000

/** What foreman runs on, what operators have decided, and what they did. */
export const System = () => {
  const isKnown = useStore(live, ({ snapshot }) => snapshot !== undefined)
  const who = useStore(session.state)
  return (
    <>
      <div class="headline">
        <h1>System</h1>
        {isKnown && mayAct(who) && <Maintenance />}
      </div>
      {isKnown && seesAll(who) && <Parts />}
      {who.you?.role === 'caller' && (
        <Note
          kind="wanted"
          actions={
            <Button icon="key" onClick={session.ask}>
              Use another token
            </Button>
          }
        >
          Only viewers and operators see what foreman runs on.
        </Note>
      )}
    </>
  )
}

const Parts = () => {
  const { value, error, reload } = useResource(
    'system',
    signal => api.get<QueueSystem>('/queue/system', {}, signal),
    { everyMs: EVERY_MS },
  )
  return (
    <>
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      <Holds />
      {value && (
        <>
          <Windows windows={value.windows} />
          <Processes processes={value.processes} target={value.target} />
          <Storage storage={value.storage} />
        </>
      )}
      <Operations />
      {value && <Settings settings={value.settings} />}
    </>
  )
}
