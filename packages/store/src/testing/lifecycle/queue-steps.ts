import { MAX_LOSSES } from '@foreman/jobs'
import { deepEqual, equal } from 'node:assert/strict'
import { newToken } from '../../ids.ts'
import type { ClaimRequest } from '../../values.ts'
import type { ExpectedJob } from './expected-job.ts'
import { type Again, endingOf, type Scene } from './scene.ts'
import { MAX_DELAY_MS, type StepTo } from './steps.ts'

export const claim = async (scene: Scene, step: Omit<StepTo<'claim'>, 'do'>): Promise<Again> => {
  const { model, tested, runs } = scene
  const ready = model.ready(step.group)
  const priority = ready[0]?.record.priority ?? 0
  const line = ready.filter(({ record }) => record.priority === priority)
  const alone = line.findIndex(({ record }) => record.runsAlone)
  const isAloneClaimed = alone === 0 && step.isIdle
  const before = line.slice(0, alone === -1 ? step.upTo : Math.min(step.upTo, alone))
  const expected = isAloneClaimed ? line.slice(0, 1) : before
  const awaited = !isAloneClaimed && alone !== -1 && alone < step.upTo ? line[alone]?.record.seq : undefined
  const request: ClaimRequest = {
    groupKey: step.group,
    priority,
    token: newToken(),
    upTo: step.upTo,
    isIdle: step.isIdle,
    reason: 'first',
    turnStartedAt: model.now,
    behind: step.isIdle ? { model: 'other', since: model.now } : undefined,
  }
  const claimed = await tested.store.queue.claim(request, model.now)
  deepEqual(
    { ...claimed, claims: claimed.claims.map(({ seq }) => seq) },
    {
      claims: expected.map(({ record }) => record.seq),
      ...(awaited === undefined ? {} : { awaited }),
    },
  )
  for (const [at, job] of expected.entries()) {
    start(scene, job, request)
    const own = claimed.claims[at]!
    const { attempt, failedAttempts, answerAttempt, streaming, runsAlone } = job.record
    const { token } = request
    deepEqual({ ...own, attempt, failedAttempts, answerAttempt, streaming, runsAlone, token }, own)
    runs.push({ claim: own, after: 0 })
  }
  return async () => deepEqual(await tested.store.queue.claimed(request.token), claimed.claims)
}

const start = ({ model }: Scene, job: ExpectedJob, { token, reason, behind }: ClaimRequest): void => {
  const { record } = job
  record.state = 'running'
  record.attempt++
  record.tokens = null
  record.startedAt = model.now
  record.startReason = reason
  record.behindModel = behind?.model ?? null
  record.behindSince = behind?.since ?? null
  Object.assign(job, { token, hasOutput: false })
  model.change(job, record.attempt > 1 ? ['reset', 'started'] : ['started'], 'job.started')
}

export const requeueLost = async (scene: Scene): Promise<Again> => {
  const { model, tested } = scene
  const count = { requeued: 0, failed: 0, cancelled: 0, broken: [] }
  const lost = model.all('running')
  for (const job of lost) {
    const { record } = job
    const wasAlone = lost.length === 1 || record.runsAlone
    if (wasAlone) record.lostCount++
    else record.runsAlone = true
    model.change(job, ['lost'])
    if (record.cancelRequestedAt !== null) {
      count.cancelled++
      model.end(job, 'cancelled', 'cancelled', null)
    } else if (record.streaming && job.hasOutput) {
      count.failed++
      model.end(job, 'failed', 'worker_lost', record.attempt)
    } else if (wasAlone && record.lostCount >= MAX_LOSSES) {
      count.failed++
      model.end(job, 'failed', 'worker_lost', record.answerAttempt)
    } else {
      count.requeued++
      record.state = 'queued'
      model.change(job, ['released'], 'job.retrying')
    }
  }
  const call = () => tested.store.runs.requeueLost(endingOf(scene))
  deepEqual(await call(), count)
  return async () => deepEqual(await call(), { requeued: 0, failed: 0, cancelled: 0, broken: [] })
}

export const promoteDue = async (scene: Scene): Promise<Again> => {
  const { model, tested } = scene
  const { now } = model
  const delayed = model.all('queued').filter(({ record }) => record.availableAt !== null)
  const times = () => delayed.flatMap(({ record }) => record.availableAt ?? [])
  const isWaiting = (at: number) => at > now && at <= now + MAX_DELAY_MS
  // While the first delayed job waits, promoteDue does not look at the others.
  if (!isWaiting(Math.min(...times()))) {
    for (const { record } of delayed) if (!isWaiting(record.availableAt!)) record.availableAt = null
  }
  const next = times().length > 0 ? Math.min(...times()) : undefined
  const again = async () =>
    equal(await tested.store.queue.promoteDue({ now, maxDelayMs: MAX_DELAY_MS }), next)
  await again()
  return again
}

export const failOverdue = async (scene: Scene): Promise<Again> => {
  const { model, tested } = scene
  const deadlines = () => model.all('queued').filter(({ record }) => record.deadlineAt !== null)
  const overdue = deadlines().filter(({ record }) => record.deadlineAt! <= model.now)
  const inOrder = overdue.toSorted(
    ({ record: a }, { record: b }) => a.deadlineAt! - b.deadlineAt! || a.seq - b.seq,
  )
  for (const job of inOrder) model.end(job, 'failed', 'deadline_exceeded', null)
  const left = deadlines().map(({ record }) => record.deadlineAt!)
  const next = left.length > 0 ? Math.min(...left) : undefined
  const ending = endingOf(scene)
  const again = async () => equal(await tested.store.queue.failOverdue(ending), next)
  await again()
  return again
}
