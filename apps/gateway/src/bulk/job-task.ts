import { isEndState } from '@foreman/jobs'
import { type JobConditions, type JobRef, keyOfRepetition } from '@foreman/store'
import { createHash } from 'node:crypto'
import type { Who } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { withStoredRequest } from '../intake/stored-request.ts'
import { repeatOf } from '../jobs/cancel-retry.ts'
import { conditionsOf } from '../jobs/conditions.ts'
import { priorityFor } from '../jobs/job-values.ts'
import { type JobAction, statesOfAction } from '../jobs/schemas.ts'
import { afterLast } from './after-last.ts'
import type { Task } from './operations.ts'

export type JobTaskContext = Pick<Context, 'store' | 'intake' | 'bodyMemory' | 'reveal' | 'now' | 'jobTtlMs'>

/** How many jobs are cancelled or changed in one commit. */
const JOBS_AT_ONCE = 50

/** Something that is done to the jobs of a filter. Jobs that come in later are none of them. */
export const jobTask = async (
  context: JobTaskContext,
  order: Pick<JobAction, 'action' | 'priority' | 'filter'>,
  who: Who,
): Promise<Task<JobRef>> => {
  const { action, filter } = order
  const priority = action === 'priority' ? newPriority(order, who) : undefined
  const states = filter.state ? [filter.state] : statesOfAction[action]
  const conditions = conditionsOf(filter, who, context.reveal)
  const before = await afterLast(context.store.records)
  const left = async function* () {
    if (!conditions) return
    const meant = { ...conditions, before, ...whatIsLeft(action, priority) }
    for (const state of states) yield* context.store.records.refs({ ...meant, state })
  }
  const detail = { filter: written(filter), ...(priority && { priority }) }
  // A repetition has the body of its request in memory.
  const atOnce = action === 'retry' ? 1 : JOBS_AT_ONCE
  return { action, subject: 'jobs', detail, atOnce, left, act: actOf(context, action, priority, who) }
}

/** Whoever reads the operations may not see metadata. */
const written = ({ meta, ...filter }: JobAction['filter']) => ({ ...filter, ...(meta && { meta: true }) })

const newPriority = ({ priority }: Pick<JobAction, 'priority'>, who: Who) =>
  who.role === 'operator' ? priority : priorityFor(priority, who.priority)

const whatIsLeft = (action: JobAction['action'], priority: JobAction['priority']): JobConditions => {
  if (action === 'retry') return { unrepeated: true }
  return action === 'priority' ? { priorityOtherThan: priority } : {}
}

const actOf = (
  context: JobTaskContext,
  action: JobAction['action'],
  priority: JobAction['priority'],
  who: Who,
): Task<JobRef>['act'] => {
  const { store, now, jobTtlMs } = context
  const { submissions } = store
  switch (action) {
    case 'cancel':
      return async job => (await submissions.cancel(job, { now: now(), ttlMs: jobTtlMs })) !== 'ended'
    case 'priority':
      return job => submissions.change(job, { priority }, now())
    case 'retry':
      return job => repeat(context, job, who)
  }
}

/** Repeats a job that has ended, once: the key of its repetition finds the one that there is. */
const repeat = async (context: JobTaskContext, { seq, id }: JobRef, who: Who): Promise<boolean> => {
  const { store, intake } = context
  const job = await store.records.bySeq(seq)
  if (!job || !isEndState(job.state)) return false
  const idempotency = { key: keyOfRepetition(id), hash: createHash('sha256').update(id).digest() }
  return withStoredRequest(seq, context, async stored => {
    if (!stored) return false
    const { isReplayed } = await intake.submit({ ...repeatOf(job, stored, who.priority), idempotency })
    return !isReplayed
  })
}
