import { isEndState } from '@foreman/jobs'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { KeyReusedError } from '../../errors.ts'
import { newJob } from '../jobs.ts'
import { hasLetGo } from './expected-job.ts'
import { type Again, endingOf, refused, type Scene } from './scene.ts'
import type { StepTo } from './steps.ts'

export const enqueue = async (scene: Scene, step: StepTo<'enqueue'>): Promise<Again> => {
  const { model, tested, seqs } = scene
  const { group, streaming, priority, key, hash, deadlineMs, url, events } = step
  const webhook = url === undefined ? undefined : { url, events }
  const { now } = model
  const deadlineAt = deadlineMs === undefined ? undefined : now + deadlineMs
  const idempotency = key === undefined ? undefined : { key, hash: Buffer.from(hash) }
  const jobs = [newJob({ streaming, priority, idempotency, webhook, deadlineAt })]
  const submit = () => tested.store.submissions.enqueue({ jobs, groupKeyOf: () => group, now })
  const keyed = model.all().find(({ record }) => key !== undefined && record.idempotencyKey === key)
  if (keyed && !hasLetGo(keyed)) {
    const { seq, id } = keyed.record
    const again =
      keyed.hash === hash
        ? async () => deepEqual(await submit(), [{ seq, id, isReplayed: true }])
        : () => refused(scene, submit, KeyReusedError)
    await again()
    return again
  }
  if (keyed) keyed.record.idempotencyKey = null
  const [submitted] = await submit()
  const { seq, isReplayed } = submitted!
  equal(isReplayed, false)
  ok(!seqs.includes(seq), 'a seq was used twice')
  seqs.push(seq)
  model.add(submitted!, { group, streaming, priority, deadlineAt, webhook, key: key ?? null, hash })
  return async () => deepEqual(await submit(), [submitted])
}

/** Submits an ended job again. */
export const repeat = async (scene: Scene, seq: number | undefined): Promise<Again | undefined> => {
  const { model, tested, seqs } = scene
  const job = model.jobs.get(seq ?? 0)
  if (!job || !isEndState(job.record.state)) return undefined
  const { group, webhook } = job
  const { now } = model
  const { id } = job.record
  const jobs = [newJob({ streaming: false, webhook, retryOf: id })]
  const submit = () => tested.store.submissions.enqueue({ jobs, groupKeyOf: () => group, now })
  const [submitted] = await submit()
  seqs.push(submitted!.seq)
  const given = { group, streaming: false, priority: 'normal' as const, webhook, key: null, hash: null }
  model.add(submitted!, { ...given, retryOf: id })
  return async () => deepEqual(await submit(), [submitted])
}

export const cancel = async (scene: Scene, seq: number | undefined): Promise<Again | undefined> => {
  const { model, tested } = scene
  if (seq === undefined) return undefined
  const ending = endingOf(scene)
  const call = () => tested.store.submissions.cancel({ seq, id: '' }, ending)
  const result = await call()
  const job = model.jobs.get(seq)
  if (job?.record.state === 'queued') {
    equal(result, 'cancelled')
    model.end(job, 'cancelled', 'cancelled', null)
  } else if (job?.record.state === 'running') {
    equal(result, 'requested')
    if (job.record.cancelRequestedAt === null) model.change(job, ['cancel_requested'])
    job.record.cancelRequestedAt ??= model.now
  } else equal(result, 'ended')
  const requests = await tested.store.runs.cancelRequests()
  const expected = model.all('running').filter(({ record }) => record.cancelRequestedAt !== null)
  deepEqual(
    requests.toSorted((a, b) => a - b),
    expected.map(({ record }) => record.seq),
  )
  return async () => equal(await call(), result === 'cancelled' ? 'ended' : result)
}

export const delivered = async (scene: Scene, seq: number | undefined): Promise<Again | undefined> => {
  const { model, tested } = scene
  if (seq === undefined) return undefined
  const expireAt = model.now + 1_000
  const call = () => tested.store.submissions.delivered({ seq, id: '' }, expireAt)
  await call()
  const record = model.jobs.get(seq)?.record
  if (record && isEndState(record.state) && record.idempotencyKey === null) record.bytesExpireAt = expireAt
  return call
}
