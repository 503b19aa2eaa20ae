import { deepEqual, rejects } from 'node:assert/strict'
import { JobLostError } from '../../errors.ts'
import type { Claim, Ending } from '../../values.ts'
import type { TestedStore } from '../contract/engine.ts'
import type { ExpectedJob } from './expected-job.ts'
import { type Model, TTL_MS } from './model.ts'

/** Makes the last call again, with the same arguments, and checks what it returns. Nothing may change. */
export type Again = () => Promise<unknown>

export interface ClaimedRun {
  readonly claim: Claim
  /** The id of the last entry that the run has appended. */
  after: number
}

/** The store under test, next to a model of what it should hold. */
export interface Scene {
  readonly tested: TestedStore
  readonly model: Model
  /** Every job and every claim so far, because late calls may act on deleted ones. */
  readonly seqs: number[]
  readonly runs: ClaimedRun[]
}

export const pick = <T>(all: readonly T[], which: number): T | undefined => all.at(-1 - which) ?? all[0]

export const endingOf = ({ model }: Scene): Ending => ({ now: model.now, ttlMs: TTL_MS })

/** Checks that a call is refused and writes nothing. That it changes no job is checked after each step. */
export const refused = async (
  { tested }: Scene,
  act: () => Promise<unknown>,
  error: new (message: string) => Error,
): Promise<void> => {
  const before = await tested.counts()
  await rejects(act, error)
  deepEqual(await tested.counts(), before)
}

/**
 * Calls a verb of a run.
 *
 * @param mayHaveLeft whether the run may have left its job like this already. Then the call is a repetition that changes nothing
 * @returns the job, if the claim holds it and `act` has changed it
 */
export const actOn = async (
  scene: Scene,
  { claim }: ClaimedRun,
  act: () => Promise<unknown>,
  mayHaveLeft: (job: ExpectedJob) => boolean = () => false,
): Promise<ExpectedJob | undefined> => {
  const job = scene.model.jobs.get(claim.seq)
  const isOwn = job !== undefined && job.token === claim.token
  if (isOwn && job.record.state === 'running') {
    await act()
    return job
  }
  if (isOwn && mayHaveLeft(job)) await act()
  else await refused(scene, act, JobLostError)
  return undefined
}
