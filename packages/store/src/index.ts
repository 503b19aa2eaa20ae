export type { ModelRow, Snapshot } from './catalogue.ts'
export { isBusy, isFull, JobLostError, StoreUnusableError } from './errors.ts'
export type { ExclusiveLock } from './exclusive-lock.ts'
export {
  isTerminal,
  type JobState,
  jobStates,
  MAX_LOSSES,
  type TerminalState,
  transitions,
} from './job-status.ts'
export type { ChoiceReason, JobEvent, ResponseHead } from './log.ts'
export type { JobView, OutputCursor, OutputPiece } from './output.ts'
export type { TargetRow, TargetState, WorkerRow } from './presence.ts'
export type { Claim, WaitingGroup } from './queue.ts'
export type { Finish, HeldAnswer, Recovery, Release } from './runs.ts'
export type { HeaderPairs } from './schema.ts'
export { openStore, type Store } from './store.ts'
export type { CancelResult, JobRef, NewJob } from './submissions.ts'
