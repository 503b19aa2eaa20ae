import { isEndState, type Job, sizeInWords } from '@foreman/jobs'
import { session } from '../../../api/session.ts'
import { count } from '../../../format/number.ts'
import { LongText } from '../../../long-text/long-text.tsx'
import { useStore } from '../../../store/use-store.ts'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Empty, ErrorNote } from '../../../ui/note.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { RelativeTime } from '../../../ui/time.tsx'
import type { Watched } from './job-watch.ts'

interface AnswerProps {
  readonly job: Job
  readonly watched: Watched
}

/** The answer, while it comes and afterwards. */
export const AnswerPanel = ({ job, watched }: AnswerProps) => {
  const { answer, stream } = watched
  const { text, thinking, tools, error, raw } = answer
  const said = text.characters > 0 ? text : raw
  return (
    <Panel title="Answer" aside={<Aside job={job} watched={watched} />}>
      {stream.kind === 'lost' && <ErrorNote error={stream.error} />}
      {answer.isEmpty && <Nothing job={job} watched={watched} />}
      {thinking.characters > 0 && (
        <details class="part" open={said.characters === 0}>
          <summary>
            Thinking <span class="muted">{count(thinking.characters)} characters</span>
          </summary>
          <LongText blocks={thinking.blocks} label="Thinking" />
        </details>
      )}
      {tools.characters > 0 && (
        <div class="part">
          <h3>Calls of tools</h3>
          <LongText
            blocks={tools.blocks.map((block, n) => (n === 0 ? block.trimStart() : block))}
            label="Calls of tools"
          />
        </div>
      )}
      {said.characters > 0 && <LongText blocks={said.blocks} label="Answer" />}
      {error.characters > 0 && (
        <div class="part">
          <h3>Error of the target</h3>
          <LongText blocks={error.blocks} label="Error of the target" />
        </div>
      )}
    </Panel>
  )
}

const Aside = ({ job, watched: { answer, tokens } }: AnswerProps) => {
  const { characters } = answer.text
  const made = job.usage?.completion_tokens ?? tokens ?? job.progress?.tokens
  return (
    <>
      {!isEndState(job.state) && characters > 0 && <span class="fresh">live</span>}
      {made !== undefined && <span>{count(made)} tokens</span>}
      {characters > 0 && (
        <span>{characters < 1_000 ? `${characters} characters` : sizeInWords(characters)}</span>
      )}
      {characters > 0 && isEndState(job.state) && <CopyButton text={answer.text.text()} what="answer" />}
    </>
  )
}

/** Why there is no answer to see. */
const Nothing = ({ job, watched: { isOver, events } }: AnswerProps) => {
  const role = useStore(session.state, ({ you }) => you?.role)
  const { state, finished_at: at, result_omitted: omitted } = job
  if (role === 'viewer') return <Empty>Viewers do not see what jobs ask and what is answered.</Empty>
  if (state === 'queued') return <Empty>It has not started.</Empty>
  if (state === 'running') return <Empty>Nothing has come yet.</Empty>
  if (omitted !== undefined) return <Empty>{omitted}</Empty>
  if (!isOver) return <Empty>Looking …</Empty>
  if (state === 'succeeded' && at !== undefined && !events.some(({ event }) => event === 'head'))
    return (
      <Empty>
        The answer is no longer kept. The job ended <RelativeTime at={at} />, its caller has received the
        answer, and foreman has deleted it since.
      </Empty>
    )
  return <Empty>{state === 'succeeded' ? 'The answer is empty.' : 'It ended without an answer.'}</Empty>
}
