export type { ModelRow, Snapshot } from './catalogue.ts'
export type { Delivery, DeliveryAttempt, DeliveryResult } from './deliveries.ts'
export { isBusy, isFull, JobLostError, KeyReusedError, StoreUnusableError } from './errors.ts'
export type { ExclusiveLock } from './exclusive-lock.ts'
export {
  DEADLINE_EXCEEDED,
  type DeliveryState,
  deliveryStates,
  isTerminal,
  type JobState,
  jobStates,
  MAX_LOSSES,
  priorities,
  type Priority,
  type TerminalState,
  transitions,
} from './job-status.ts'
export type { ChoiceReason, JobEvent, ResponseHead } from './log.ts'
export {
  type Announcement,
  type Compose,
  type StoredAnswer,
  terminalEvents,
  type WebhookEvent,
  webhookEvents,
} from './outbox.ts'
export type { JobView, OutputCursor, OutputPiece } from './output.ts'
export type { TargetRow, TargetState, WorkerRow } from './presence.ts'
export type { Claim, WaitingLine } from './queue.ts'
export type { JobFilter, JobRecord, LogEntry, StoredRequest } from './records.ts'
export type { Finish, HeldAnswer, Recovery, Release } from './runs.ts'
export type { HeaderPairs } from './schema.ts'
export { openStore, type OpenOptions, type Store } from './store.ts'
export type { CancelResult, IdempotencyKey, JobRef, NewJob, Submitted } from './submissions.ts'
