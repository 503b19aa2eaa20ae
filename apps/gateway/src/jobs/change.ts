import type { JobRef, JobRevision, NewOperation } from '@foreman/store'
import type { RequestHandler } from 'express'
import type { z } from 'zod'
import type { Who } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { readOrder } from '../http/json-body.ts'
import { problem } from '../http/refusal.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { aboutJob, type OfJob } from './about-job.ts'
import { deadlineIn, priorityFor } from './job-values.ts'
import { JobPatch } from './schemas.ts'

export type ChangeContext = Pick<Context, 'store' | 'presenter' | 'bodyMemory' | 'now'>

type Patch = z.output<typeof JobPatch>

/** `PATCH /jobs/:id`: changes the priority or the deadline of a queued job. */
export const changeJob = (context: ChangeContext): RequestHandler<OfJob> =>
  aboutJob(context, async ({ job, who, request, response }) => {
    const { store, presenter, bodyMemory, now } = context
    const patch = await readOrder(request, JobPatch, bodyMemory)
    const at = now()
    const changes = changesIn(patch, who, at)
    const operation = job.caller === who.caller ? undefined : operationOf(job.id, patch, who)
    const isChanged = await whenWritable(() => store.submissions.change(job, changes, at, operation))
    if (!isChanged) throw await notQueued(context, job)
    await presenter.show(job.seq, who, response)
  })

/** An operator may give a job any priority. */
const changesIn = ({ priority, deadline }: Patch, who: Who, now: number): JobRevision => ({
  priority: priority && (who.role === 'operator' ? priority : priorityFor(priority, who.priority)),
  deadlineAt: typeof deadline === 'string' ? deadlineIn(deadline, now) : deadline,
})

const operationOf = (id: string, { reason, ...detail }: Patch, { caller }: Who): NewOperation => ({
  by: caller,
  action: 'change',
  subject: id,
  reason,
  detail,
})

const notQueued = async ({ store }: ChangeContext, { seq, id }: JobRef) => {
  const state = (await store.output.view(seq))?.state
  return state
    ? problem(409, 'not_queued', `job ${id} is ${state}`, { state })
    : problem(410, 'job_expired', `job ${id} is no longer kept`)
}
