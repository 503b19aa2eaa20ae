import type { Job } from '@foreman/jobs'
import type { ComponentChildren } from 'preact'
import { count } from '../../../format/number.ts'
import { visible } from '../../../format/visible.ts'
import { formatRoute } from '../../../router/route.ts'
import { BatchLink, JobLink } from '../../../ui/id-link.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { Duration, RelativeTime } from '../../../ui/time.tsx'
import { prettyJson } from './request-body.ts'

/** What else foreman knows of the job. */
export const Facts = ({ job }: { readonly job: Job }) => {
  const { usage, metadata, batch, retry_of: original, generate_ms: generateMs } = job
  const made = usage?.completion_tokens
  return (
    <Panel title="Facts">
      <dl class="facts">
        <Fact name="Caller">
          <a href={formatRoute({ screen: 'jobs', filters: { caller: job.caller } })}>{visible(job.caller)}</a>
        </Fact>
        <Fact name="Priority">{job.priority}</Fact>
        <Fact name="Attempts">{count(job.attempts)}</Fact>
        <Time name="Submitted" at={job.created_at} />
        <Time name="Started" at={job.started_at} />
        <Time name="Ended" at={job.finished_at} />
        <Time name="Deadline" at={job.deadline} />
        <Time name="To be deleted" at={job.expires_at} />
        {job.waited_ms !== undefined && (
          <Fact name="Waited">
            <Duration ms={job.waited_ms} />
          </Fact>
        )}
        {usage?.prompt_tokens !== undefined && <Fact name="Tokens read">{count(usage.prompt_tokens)}</Fact>}
        {made !== undefined && <Fact name="Tokens made">{count(made)}</Fact>}
        {made !== undefined && generateMs !== undefined && generateMs > 0 && (
          <Fact name="Tokens per second">{((made / generateMs) * 1_000).toFixed(1)}</Fact>
        )}
        {batch !== undefined && (
          <Fact name="Batch">
            <BatchLink id={batch} />
          </Fact>
        )}
        {original !== undefined && (
          <Fact name="Repeats">
            <JobLink id={original} />
          </Fact>
        )}
      </dl>
      {metadata !== undefined && (
        <div class="part">
          <h3>Metadata</h3>
          <pre class="long-text" tabIndex={0}>
            {visible(prettyJson(metadata))}
          </pre>
        </div>
      )}
    </Panel>
  )
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const Time = ({ name, at }: { readonly name: string; readonly at: string | undefined }) =>
  at === undefined ? null : (
    <Fact name={name}>
      <RelativeTime at={at} />
    </Fact>
  )
