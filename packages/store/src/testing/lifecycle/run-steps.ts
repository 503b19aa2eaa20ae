import { equal } from 'node:assert/strict'
import type { Finish, Release } from '../../values.ts'
import { actOn, type Again, type ClaimedRun, endingOf, type Scene } from './scene.ts'
import type { StepTo } from './steps.ts'

const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }

export const progress = async (
  scene: Scene,
  run: ClaimedRun | undefined,
  tokens: number,
): Promise<undefined> => {
  const { model, tested } = scene
  if (!run) return undefined
  const job = await actOn(scene, run, () => tested.store.runs.progress(run.claim, { tokens, now: model.now }))
  if (!job) return undefined
  job.record.tokens = tokens
  model.change(job, ['progress'], 'job.progress')
  // The same call again may log it twice.
  return undefined
}

export const append = async (
  scene: Scene,
  run: ClaimedRun | undefined,
  { head, body }: StepTo<'append'>,
): Promise<Again | undefined> => {
  if (!run) return undefined
  const output = {
    after: run.after,
    ...(head ? { head: provisional.head } : {}),
    ...(body ? { body: [Buffer.from('x')] } : {}),
  }
  let after = 0
  const call = () => scene.tested.store.runs.append(run.claim, output)
  const job = await actOn(scene, run, async () => {
    after = await call()
  })
  if (!job) return undefined
  if (body) job.hasOutput = true
  run.after = after
  return async () => equal(await call(), after)
}

export const finish = async (
  scene: Scene,
  run: ClaimedRun | undefined,
  { state, withOutput, statusCode }: StepTo<'finish'>,
): Promise<Again | undefined> => {
  if (!run) return undefined
  const answerAttempt = withOutput ? run.claim.attempt : null
  const end: Finish = {
    state,
    answerAttempt,
    errorCode: 'http_error',
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(run.after > 0 ? { after: run.after } : {}),
    ...(withOutput ? { output: { head: provisional.head, body: [provisional.body] } } : {}),
  }
  const ending = endingOf(scene)
  const call = () => scene.tested.store.runs.finish(run.claim, end, ending)
  const job = await actOn(scene, run, call, ({ record }) => record.state === state)
  if (!job) return undefined
  scene.model.end(job, state, 'http_error', answerAttempt)
  job.record.statusCode = statusCode ?? null
  return call
}

export const release = async (
  scene: Scene,
  run: ClaimedRun | undefined,
  { delayMs, spent, provisional: withProvisional }: StepTo<'release'>,
): Promise<Again | undefined> => {
  if (!run) return undefined
  const { model, tested } = scene
  const availableAt = delayMs > 0 ? model.now + delayMs : null
  const back: Release = {
    code: 'target_busy',
    spent,
    ...(availableAt === null ? {} : { availableAt }),
    ...(withProvisional ? { provisional } : {}),
  }
  const ending = endingOf(scene)
  const call = () => tested.store.runs.release(run.claim, back, ending)
  let became: string | undefined
  const act = async () => {
    became = await call()
  }
  const left = new Set(['queued', 'cancelled'])
  const job = await actOn(scene, run, act, ({ record }) => left.has(record.state))
  if (!job) return undefined
  const { record } = job
  if (record.cancelRequestedAt !== null) {
    equal(became, 'cancelled')
    model.end(job, 'cancelled', 'cancelled', null)
  } else {
    equal(became, 'queued')
    record.state = 'queued'
    record.availableAt = availableAt
    if (spent) record.failedAttempts++
    if (withProvisional) record.answerAttempt = record.attempt
    model.change(job, ['released'], 'job.retrying')
  }
  return async () => equal(await call(), became)
}
