export { Backoff } from './backoff.ts'
export { backUpStore, inspectBackup, restoreStore } from './backups.ts'
export type { Changes, JobOutput, Records, Store, StoreReader } from './contract.ts'
export {
  ArrivalLostError,
  BrokenJobError,
  isFull,
  isUnavailable,
  JobLostError,
  KeyInUseError,
  KeyReusedError,
  mayPass,
  NotNowError,
  StoreUnusableError,
} from './errors.ts'
export { keyOfRepetition, newBatchId, newFileId, newJobId, newToken } from './ids.ts'
export { GATEWAY_HEARTBEAT_MS, HEARTBEAT_MS, isAlive, TARGET_IS_FOREMAN } from './liveness.ts'
export { examineStore } from './examine-store.ts'
export { takeExclusiveLock } from './sqlite/exclusive-lock.ts'
export { openReader, openStore, type OpenOptions } from './open-store.ts'
export { HISTOGRAMS, MAX_COUNTED_MODELS, OTHER_MODEL, TALLIES } from './counting/tallies.ts'
export { isSameAttempt } from './same-attempt.ts'
export { stampOf } from './stamp.ts'
export { untilPossible } from './until-possible.ts'
export { ANNOUNCED_ANSWER_BYTES, deliveryResults, storeFaultNames } from './values.ts'
export type * from './values.ts'
export { wholeBody } from './whole-body.ts'
