import { isEndState, type Job } from '@foreman/jobs'
import { needsToken, session } from '../../../api/session.ts'
import { curlLine } from '../../../format/curl.ts'
import { useStore } from '../../../store/use-store.ts'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Panel } from '../../../ui/panel.tsx'

/** Lines for a shell that show the job, or follow it. */
export const CommandPanel = ({ job: { id, state } }: { readonly job: Job }) => {
  const hasTokens = useStore(session.state, needsToken)
  const path = isEndState(state) ? `../jobs/${id}` : `../jobs/${id}/events`
  const { href } = new URL(path, location.href)
  const line = curlLine({ url: href, hasTokens })
  return (
    <Panel title="On a command line">
      <div class="command">
        <code>{line}</code>
        <CopyButton text={line} what="command" />
      </div>
    </Panel>
  )
}
