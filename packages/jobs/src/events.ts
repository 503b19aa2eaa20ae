import type { EndState } from './state.ts'
import type { JobProspect } from './wire.ts'

/** Why the worker chose the group of a job (docs/scheduling.md). */
export const choiceReasons = ['first', 'resident', 'drained', 'overdue', 'priority', 'ended'] as const
export type ChoiceReason = (typeof choiceReasons)[number]

/**
 * A change of a job, as the log of the job records it. `attempt` counts from 1; `availableAt` is in milliseconds since
 * the epoch.
 */
export type JobChange =
  /** `arrivedAt`: when the request arrived that it repeats, whose place it has taken over. */
  | { type: 'queued'; arrivedAt?: number }
  | { type: 'started'; attempt: number; reason: ChoiceReason }
  /** A new attempt begins. The output of earlier attempts is void. */
  | { type: 'reset'; attempt: number }
  | { type: 'progress'; attempt: number; tokens: number }
  | { type: 'released'; attempt: number; code: string; availableAt?: number }
  | { type: 'lost'; attempt: number }
  | { type: 'cancel_requested' }
  | { type: EndState; attempt: number; code?: string }

/** The data of each event that `/jobs/:id/events` sends, by the name of the event. Times are RFC 3339. */
export interface JobEventData {
  /** `arrived_at`: when the request arrived that this one repeats, and whose place in line it has. */
  queued: { state: 'queued'; at: string; arrived_at?: string }
  /** What is foretold of a queued job. It is not kept, and has the id of the event before it. */
  estimate: JobProspect
  /** `reason` is a ChoiceReason, or a reason that a newer foreman has added. */
  started: { state: 'running'; attempt: number; at: string; reason: string }
  /** A new attempt begins. The output of earlier attempts is void. */
  reset: { attempt: number }
  /** The status of the target's answer. */
  head: { attempt: number; status: number }
  /** The next bytes of the target's answer: as text if they are valid UTF-8 by themselves, otherwise as base64. */
  output:
    | { attempt: number; text: string; base64?: never }
    | { attempt: number; base64: string; text?: never }
  progress: { attempt: number; tokens: number; at: string }
  retrying: { state: 'queued'; attempt: number; code: string; next_attempt_at?: string; at: string }
  /** The worker died while it ran the job. */
  lost: { attempt: number; at: string }
  cancel_requested: { at: string }
  succeeded: JobEnd<'succeeded'>
  failed: JobEnd<'failed'>
  cancelled: JobEnd<'cancelled'>
}

export interface JobEnd<State extends EndState> {
  state: State
  attempt: number
  code?: string
  at: string
}

/** An event of `/jobs/:id/events`. Ids rise, so that a client can resume after the last id that it has. */
export type JobEvent = {
  [Name in keyof JobEventData]: { id: string; event: Name; data: JobEventData[Name] }
}[keyof JobEventData]
