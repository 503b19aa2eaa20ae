export {
  DEADLINE_EXCEEDED,
  type JobErrorCode,
  jobErrorCodes,
  INTERNAL_ERROR,
  MAX_LOSSES,
  type ReleaseCode,
  releaseCodes,
  type RetryCode,
  retryCodes,
} from './codes.ts'
export {
  type DeliveryState,
  deliveryStates,
  endEvents,
  type WebhookEvent,
  webhookEventOf,
  webhookEvents,
} from './delivery.ts'
export {
  type ChoiceReason,
  choiceReasons,
  type JobChange,
  type JobEnd,
  type JobEvent,
  type JobEventData,
} from './events.ts'
export { type End, isFinal } from './final.ts'
export type {
  ArrivalOrder,
  ArrivalOrderTurn,
  CallerSnapshot,
  EverSnapshot,
  GroupSnapshot,
  HistoryStep,
  HourSnapshot,
  InFlightSnapshot,
  JobNews,
  ModelFigures,
  OperationNews,
  QueueEvent,
  QueueHistory,
  QueueModels,
  QueueSnapshot,
  QueueYou,
  ResidentSnapshot,
  StorageSnapshot,
  TargetSnapshot,
  Timeline,
  TimelineTurn,
  TurnSnapshot,
} from './queue.ts'
export { inWords, ordinal } from './in-words.ts'
export { sizeInWords } from './size-in-words.ts'
export type { QueueSystem, SystemProcess, SystemSetting, SystemWindow, SystemWindows } from './system.ts'
export { priorities, type Priority } from './priority.ts'
export {
  BACKUP,
  type Closing,
  END_TURN,
  type Hold,
  type Holding,
  type OperationPage,
  type Pausing,
  type QueueState,
  type Stepping,
  type SubjectKind,
  subjectKinds,
} from './steering.ts'
export { endStates, type EndState, isEndState, type JobState, jobStates, transitions } from './state.ts'
export type {
  Batch,
  BatchCounts,
  BatchPage,
  BatchResult,
  BatchState,
  Delivery,
  DeliveryAttempt,
  Job,
  JobError,
  DeliveryPage,
  JobPage,
  ListedDelivery,
  Operation,
  JobProspect,
  Problem,
  Receiver,
  Receivers,
  Why,
} from './wire.ts'
