export { Backoff } from './backoff.ts'
export { BrokenJobError } from './broken-job.ts'
export type { ModelRow, Snapshot } from './catalogue.ts'
export type { Delivery } from './deliveries/delivery.ts'
export type { Backlog } from './deliveries/due.ts'
export type { DeliveryAttempt } from './deliveries/read.ts'
export type { DeliveryResult } from './deliveries/record.ts'
export {
  ArrivalLostError,
  isBusy,
  isFull,
  JobLostError,
  KeyInUseError,
  KeyReusedError,
  mayPass,
  StoreUnusableError,
} from './errors.ts'
export type { ExclusiveLock } from './exclusive-lock.ts'
export type { LoggedChange, ResponseHead } from './log/log-rows.ts'
export type { Announcement, Compose } from './log/outbox.ts'
export type { StoredAnswer } from './log/stored-answer.ts'
export type { OutputCursor, OutputPiece } from './output/read.ts'
export type { JobView } from './output/view.ts'
export { TARGET_IS_FOREMAN, type TargetRow, type TargetState } from './target.ts'
export { GATEWAY_HEARTBEAT_MS } from './gateways.ts'
export { HEARTBEAT_MS, isAlive, type WorkerRow } from './workers.ts'
export type { Claim } from './queue/claim.ts'
export type { WaitingLine } from './queue/waiting-lines.ts'
export type { JobRecord } from './records/job-record.ts'
export type { JobFilter } from './records/list.ts'
export type { LogEntry } from './records/log.ts'
export type { StoredRequest } from './records/request.ts'
export { wholeBody } from './records/whole-body.ts'
export type { Finish } from './runs/finish.ts'
export type { Release } from './runs/release.ts'
export type { Recovery } from './runs/requeue-lost.ts'
export type { ProvisionalAnswer } from './runs/run.ts'
export type { HeaderPairs } from './schema.ts'
export { openReader, type StoreReader } from './open-reader.ts'
export { openStore, type OpenOptions, type Store } from './open-store.ts'
export { untilPossible } from './until-possible.ts'
export type { CancelResult } from './submissions/cancel.ts'
export type { IdempotencyKey, JobRef, NewJob, Submitted } from './submissions/new-job.ts'
