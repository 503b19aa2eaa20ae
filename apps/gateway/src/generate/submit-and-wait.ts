import type { Submitted } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { patienceFor } from '../answer/follow-options.ts'
import { relay, type RelayEnd, type RelayOptions } from '../answer/relay.ts'
import type { Context } from '../context.ts'
import { CallerLeftError } from '../http/caller-left.ts'
import type { JobDraft } from '../intake/job-draft.ts'
import type { WaitingSlot } from '../intake/waiting-callers.ts'
import { untilWritten } from '../intake/when-writable.ts'
import type { QueueableRequest } from './read-request.ts'
import type { SendAnswer } from './submit.ts'

export type WaitContext = Pick<
  Context,
  | 'store'
  | 'intake'
  | 'forecaster'
  | 'followers'
  | 'waitingCallers'
  | 'patience'
  | 'cutOff'
  | 'logger'
  | 'now'
  | 'jobTtlMs'
  | 'syncTtlMs'
>

export type WaitOptions = WaitContext &
  Pick<QueueableRequest, 'endpoint' | 'streaming' | 'asked' | 'outlivesCaller' | 'answersInText'> &
  Pick<RelayOptions, 'shownWait'>

/**
 * Submits a job whose caller waits. The answer is the job's.
 *
 * @throws Refusal
 * @throws CallerLeftError when the caller has left already, and the job would not go on without it
 */
export const submitAndWait = async (
  draft: JobDraft,
  response: ServerResponse,
  options: WaitOptions,
): Promise<SendAnswer> => {
  const { intake, waitingCallers, outlivesCaller } = options
  if (response.destroyed && !outlivesCaller) throw new CallerLeftError('the caller left')
  const slot = waitingCallers.enter()
  try {
    // A job that goes on without its caller is a background job, as soon as the caller has left.
    const job = await (outlivesCaller ? intake.submit(draft) : intake.enqueue(draft))
    return () => relayToEnd(job, response, { ...options, slot })
  } catch (error) {
    slot.setWaiting(false)
    throw error
  }
}

const relayToEnd = async (
  job: Submitted,
  response: ServerResponse,
  options: WaitOptions & { readonly slot: WaitingSlot },
): Promise<void> => {
  const { slot, logger } = options
  try {
    if (job.isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    // If the caller left while its job was written, `relay` notices at once.
    const patience = patienceFor(options, options.patience)
    const end = await relay(job, response, { ...options, patience, onWaiting: slot.setWaiting })
    logger.debug({ job: job.id, end }, 'relay ended')
    await noteEnd(job, end, options)
  } finally {
    slot.setWaiting(false)
  }
}

/** After a delivery, request and answer may be deleted soon. When the caller left, its job is cancelled. */
const noteEnd = async (
  job: Submitted,
  end: RelayEnd,
  { store, logger, now, jobTtlMs, syncTtlMs, outlivesCaller }: WaitOptions,
): Promise<void> => {
  if (end === 'delivered') {
    await untilWritten(() => store.submissions.delivered(job, now() + syncTtlMs), logger)
  }
  if (end === 'left' && !outlivesCaller) {
    const cancel = () => store.submissions.cancel(job, { now: now(), ttlMs: jobTtlMs }, { hasLeft: true })
    await untilWritten(cancel, logger)
  }
}
