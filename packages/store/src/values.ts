import type {
  ChoiceReason,
  DeliveryState,
  EndState,
  JobChange,
  JobErrorCode,
  JobState,
  Priority,
  ReleaseCode,
  WebhookEvent,
} from '@foreman/jobs'
import type { BrokenJobError } from './errors.ts'

/**
 * What goes into the store and comes out of it. All times are milliseconds since the epoch, on the clock of the store.
 * `null` stands for a fact that does not exist (yet), `undefined` for something that the caller does not say.
 */

/** Header names and values in the order and case in which they arrived. */
export type HeaderPairs = readonly (readonly [string, string])[]

/** The status and the end-to-end headers of an answer. */
export interface ResponseHead {
  readonly status: number
  readonly headers: HeaderPairs
}

// Jobs, as they come in

/** How a process names a job that it has submitted. */
export interface JobRef {
  /** The place of the job in the order of arrival. A deleted job's number is not used again. */
  readonly seq: number
  /** The name of the job for callers: `job_` and a UUID of version 7, so that ids sort by the time of arrival. */
  readonly id: string
}

/** What decides about a job's group, besides what is known of its model. */
export interface GroupFacts {
  /** The name of the model as the caller wrote it. */
  readonly model: string
  /** The canonical name of the model, or the name as the caller wrote it if it has no canonical form. */
  readonly modelName: string
  /** The parts of the request that decide how the model is loaded, as JSON. */
  readonly loadOptions: string
}

/** What the target says about a manifest: how it loads, and what it can do. */
export type Loading = Readonly<Record<string, unknown>>

/**
 * Names the group of a job. It is pure and quick, because an engine may call it within a unit. `loading` is what is known of
 * the model; null: the target was not asked yet, undefined: it did not list the model.
 */
export type GroupKeyOf = (facts: GroupFacts & { readonly loading: Loading | null | undefined }) => string

/** The key by which foreman recognises a repeated request of a caller, and a hash of that request. */
export interface IdempotencyKey {
  readonly key: string
  readonly hash: Buffer
}

export interface Webhook {
  readonly url: string
  /** The events that it reports. */
  readonly events: readonly WebhookEvent[]
}

/** A request as a job keeps it. */
export interface StoredRequest extends GroupFacts {
  /** The path and query of the request as the caller sent them. */
  readonly path: string
  /** The path of the generating route that the request is for, without the query. */
  readonly endpoint: string
  /** Whether the caller gets the answer piece by piece. Then an attempt that has brought bytes cannot be repeated. */
  readonly streaming: boolean
  /** The end-to-end headers. */
  readonly headers: HeaderPairs
  /** The body, byte for byte as it arrived. Empty when it is in parts. */
  readonly body: Buffer
}

/** Who has sent a job, as far as fairness goes. It decides the order only, never who sees what. */
export interface Sender {
  /** Whose use of the target counts. */
  readonly account: string
  /** Which of the account's people or programs it is. */
  readonly sender: string
}

/** The ready jobs of one sender in a line. */
export interface SenderLine extends Sender {
  readonly oldestSeq: number
  readonly oldestCreatedAt: number
}

/** How many ready jobs a sender has in a line. */
export interface SenderCount extends Sender {
  readonly jobs: number
  readonly oldestSeq: number
}

/** What a caller submits. */
export interface NewJob extends StoredRequest, Partial<Sender> {
  /** Made by whoever submits the job (`newJobId`), so that a submission can be repeated when its answer was lost. */
  readonly id: string
  /** The name of the caller that owns the job. */
  readonly caller: string
  readonly priority: Priority
  /** The number of attempts that may fail. Undefined: the worker's setting applies. */
  readonly maxAttempts?: number | undefined
  /** If the job has not ended by this time, it fails. */
  readonly deadlineAt?: number | undefined
  /** A JSON object, as the caller wrote it. */
  readonly metadata?: string | undefined
  readonly webhook?: Webhook | undefined
  readonly idempotency?: IdempotencyKey | undefined
  /** A hash of the request, by which a repetition is recognised after its caller has left. Only with a `gateway`. */
  readonly requestHash?: Buffer | undefined
  /** Its place in the batch with which it is submitted. */
  readonly line?: JobLine | undefined
  /** In how many parts the body is added to the arrival of the job; `body` is empty then. Undefined: `body` is whole. */
  readonly parts?: number | undefined
  /** The id of the job that this job repeats. */
  readonly retryOf?: string | undefined
  /**
   * The gateway on whose connection the caller waits: foreman promises nothing beyond that connection. Undefined: the job
   * was handed over, and goes on without its caller whatever happens. A job with a key or a webhook is handed over.
   */
  readonly gateway?: string | undefined
}

export interface Submitted extends JobRef {
  /** Whether the job existed already, because an earlier request had the same idempotency key. */
  readonly isReplayed: boolean
}

/** What was added to an arrival. An engine that has lost a part of it in a crash must not accept the rest. */
export interface Added {
  /** How many jobs, without replays. */
  readonly jobs: number
  /** How many parts of bodies. */
  readonly parts: number
  /** The `seq` of one of these jobs. Undefined: there are only replays. */
  readonly witness: number | undefined
  /** The batch that is accepted with it. Undefined: none is. */
  readonly batch?: AddedBatch | undefined
}

export interface AddedBatch {
  readonly id: string
  /** The `seq` of a job that one of its lines had already. Undefined: all its jobs are new. */
  readonly replay: number | undefined
  /** When it is accepted. */
  readonly at: number
}

/** One part of a body that is too large for one unit. */
export interface RequestPart {
  readonly jobSeq: number
  /** The place of the part in the body, from 0. */
  readonly n: number
  readonly bytes: Buffer
}

// Batches, and the files of OpenAI's

/** What somebody says of a batch. */
export interface NewBatch {
  /** Made by whoever submits the batch (`newBatchId`): `batch_` and a UUID of version 7. */
  readonly id: string
  /** The name of the caller that owns it. */
  readonly caller: string
  readonly createdAt: number
  /** Where it comes from, if it is one of OpenAI's. */
  readonly origin?: BatchOrigin | undefined
}

/** What one of OpenAI's batches was made of. */
export interface BatchOrigin {
  /** The path that its lines are for. */
  readonly endpoint: string
  /** The file with its lines, by its `seq`. */
  readonly inputFile: number
  readonly completionWindow: string
  /** A JSON object, as the caller wrote it. */
  readonly metadata?: string | undefined
}

/** The place of a job in its batch. */
export interface JobLine {
  /** From 1. No two jobs of a batch have the same one. */
  readonly line: number
  /** The caller's name for it. */
  readonly customId?: string | undefined
}

/** A line of a batch that did not become a job. */
export interface RefusedLine extends JobLine {
  readonly errorCode: string
  readonly errorMessage: string
}

/** A line of a batch. */
export interface BatchLine {
  readonly line: number
  readonly customId: string | null
  /** The job, which may be deleted by now. Null: the line is bad. */
  readonly jobSeq: number | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
}

export interface BatchRow {
  /** Batches that came later have a higher one. */
  readonly seq: number
  readonly id: string
  readonly caller: string
  readonly createdAt: number
  /** How many jobs it has, deleted ones included. */
  readonly jobs: number
  readonly cancelRequestedAt: number | null
  /** When the last of its jobs ended, as `noteEnd` noted it. */
  readonly finishedAt: number | null
  /** Null: it is none of OpenAI's, and has no file, window or metadata. */
  readonly endpoint: string | null
  /** The id of the file with its lines. */
  readonly inputFile: string | null
  readonly completionWindow: string | null
  readonly metadata: string | null
}

/** How many of the jobs of a batch are in which state. Those that are deleted are in none. */
export interface BatchCounts extends Readonly<Record<JobState, number>> {
  /** How many lines are bad. */
  readonly refused: number
}

/** Which batches or files to list. A field that is undefined does not restrict the list. */
export interface NewestFirst {
  readonly caller?: string | undefined
  /** Only those with a lower `seq`. */
  readonly before?: number | undefined
  readonly limit: number
}

export interface BatchFilter extends NewestFirst {
  /** Only OpenAI's. */
  readonly withOrigin: boolean
}

export interface NewFile {
  /** Made by whoever uploads it (`newFileId`). */
  readonly id: string
  readonly caller: string
  /** As the caller named it. */
  readonly name: string
  readonly purpose: string
}

export interface FileRow extends NewFile {
  readonly seq: number
  readonly bytes: number
  readonly createdAt: number
  /** When it is deleted if no batch has it by then. Null: a batch has it. */
  readonly expiresAt: number | null
}

/**
 * `cancelled`: the job was queued and has ended. `requested`: the job is running, and its worker will end it.
 * `ended`: the job had already ended, or is deleted.
 */
export type CancelResult = 'cancelled' | 'requested' | 'ended'

// The queue, and runs

/** What there is for the worker to heed, besides ready jobs. */
export interface Agenda {
  /** Whether the cancellation of a running job was requested. */
  readonly hasCancelRequests: boolean
  /** Whether a queued job has a deadline. */
  readonly hasDeadlines: boolean
  /** Whether a queued job is delayed. */
  readonly hasDelayed: boolean
  /** Whether there is a hold, or an operation that is not done. */
  readonly isSteered: boolean
  /** When somebody last suspected that the target is away. Undefined: nobody has. */
  readonly suspectedAt: number | undefined
}

/** The ready jobs of one group and one priority. */
export interface WaitingLine {
  /** The name of the group: jobs of one group can follow each other without a model load between them. */
  readonly groupKey: string
  /** The index of the priority in `priorities`: 0 is the most urgent. */
  readonly priority: number
  /** The place of the oldest job in the order of arrival. */
  readonly oldestSeq: number
  readonly oldestCreatedAt: number
}

/** How many ready jobs there are in a line, and for which model. */
export interface LineCount extends WaitingLine {
  readonly jobs: number
  /** The canonical name of the oldest job's model. */
  readonly modelName: string
  /** How its oldest job has it loaded: a JSON object. */
  readonly loadOptions: string
}

/** The jobs that are before a job in its line. */
export interface Ahead extends Pick<WaitingLine, 'groupKey' | 'priority'> {
  /** The job's place in the order of arrival. */
  readonly place: number
  /** Only jobs of this sender. Undefined: of any. */
  readonly of: Sender | undefined
}

/** A turn that ended when another began. */
export interface EndedTurn {
  /** The canonical name of its model. */
  readonly model: string
  /** When it began. */
  readonly since: number
}

/** Which jobs are claimed, and what is recorded of the choice. */
export interface ClaimRequest extends Pick<WaitingLine, 'groupKey' | 'priority'> {
  /** Made anew for each call (`newToken`). Every write of the runs carries it. */
  readonly token: string
  /** How many jobs at the most. At least 1. */
  readonly upTo: number
  /** Whether no job runs. A job that runs alone is claimed only then, and nothing with it. */
  readonly isIdle: boolean
  /** Only jobs of this sender. Undefined: of any. */
  readonly of?: Sender | undefined
  /** The job for which slots were kept free. If it is still ready and of this group, it comes first, whatever its line. */
  readonly awaited?: number | undefined
  /** Why the group was chosen. */
  readonly reason: ChoiceReason
  /** When the turn of the group started. */
  readonly turnStartedAt: number
  /** The turn that ended for these jobs. Undefined: none did, or nobody knows of which model. */
  readonly behind?: EndedTurn | undefined
}

/** A job that runs now. */
export interface RunningJob extends Sender {
  readonly groupKey: string
  readonly modelName: string
  readonly startedAt: number
  readonly startReason: ChoiceReason | null
}

/** A running job as the worker that claimed it sees it. */
export interface Claim extends StoredRequest, JobRef, Sender {
  readonly groupKey: string
  /** The name of the caller that owns the job. */
  readonly caller: string
  readonly createdAt: number
  /** Proves the claim. Every write of the run carries it. */
  readonly token: string
  /** In how many parts the body is. 0: `body` is whole. */
  readonly parts: number
  /** The number of this attempt, from 1. */
  readonly attempt: number
  /** The number of its turn. Null: it was claimed by an older version. */
  readonly turn: number | null
  /** How many attempts before it count against the limit. */
  readonly failedAttempts: number
  /** The earlier attempt that brought the best answer of the target so far. Null: none did. */
  readonly answerAttempt: number | null
  /** The number of attempts that may fail. Null: the worker's setting applies. */
  readonly maxAttempts: number | null
  readonly deadlineAt: number | null
  /** Whether no other job may run beside it, because it was running when a worker died together with others. */
  readonly runsAlone: boolean
}

export interface Claimed {
  readonly claims: readonly Claim[]
  /** The next job runs alone, and has to wait until no job runs. Nothing behind it was claimed. */
  readonly awaited?: number
  /** The next job cannot be claimed, because of what is stored of it. It is still queued. Nothing behind it was claimed. */
  readonly broken?: BrokenJobError
}

/** An attempt that a worker runs, with the token of its claim. */
export type Run = Pick<Claim, 'seq' | 'token' | 'attempt'>

/** Why a turn ended. `dry`: its group had no more jobs. `ended`: an operator did it. `away`: the target or its worker went. */
export type TurnEnd = 'dry' | 'overdue' | 'priority' | 'ended' | 'paused' | 'away'

/** The group that has or had the last turn. */
export interface RecordedTurn {
  readonly groupKey: string
  readonly startedAt: number
}

/** A part of what a run has received: the head of the answer, if it is new, and the next pieces of the body. */
export interface Received {
  readonly head?: ResponseHead | undefined
  readonly body?: readonly Uint8Array[]
}

/** What a run appends to the log. */
export interface Output extends Received {
  /** The id of the last piece that this run has appended; 0 for its first. It must still be there. */
  readonly after: number
}

/** An answer whose status may not be final. It is not in the log until that is decided. */
export interface ProvisionalAnswer {
  readonly head: ResponseHead
  readonly body: Buffer
}

/** How a job ends. */
export interface Finish {
  readonly state: EndState
  /** The id of the last entry that this run has appended. It must still be there. Undefined: it has appended nothing. */
  readonly after?: number
  /** The attempt whose output is the answer. Null: the job has no answer. */
  readonly answerAttempt: number | null
  readonly statusCode?: number
  readonly errorCode?: JobErrorCode
  readonly errorMessage?: string
  /** What this run has received and not appended. */
  readonly output?: Received | undefined
  /** The token counts that the answer states. */
  readonly usage?: {
    readonly promptTokens?: number
    readonly completionTokens?: number
    readonly loadMs?: number
    readonly promptMs?: number
    readonly answerMs?: number
  }
  /** When this run had its first byte. It is kept if the answer is its own. */
  readonly firstByteAt?: number
}

/** How a job goes back to the queue. */
export interface Release {
  /** Why the attempt did not end the job. */
  readonly code: ReleaseCode
  /** The job does not start again before this time. Undefined: it is ready at once. */
  readonly availableAt?: number
  /** Whether this attempt counts against the limit of attempts. */
  readonly spent: boolean
  /** The answer of this attempt. It becomes the best answer so far. */
  readonly provisional?: ProvisionalAnswer
}

/** How many jobs of a dead worker were requeued, and how many ended. */
export interface Recovery {
  readonly requeued: number
  readonly failed: number
  readonly cancelled: number
  /** What went wrong with single jobs. Such a job has failed too, or stays claimed if its end could not be written. */
  readonly broken: readonly BrokenJobError[]
}

/** The clock of a change that can end a job, and how long the row of a job that ends is kept. */
export interface Ending {
  readonly now: number
  readonly ttlMs: number
}

// Following jobs, and showing them

/** How long a job has waited, and for what. */
export interface JobStart {
  readonly createdAt: number
  /** When the last attempt started. Null: the job was never claimed. */
  readonly startedAt: number | null
  /** Why it started then. Null also when an older version has claimed it. */
  readonly startReason: ChoiceReason | null
  /** The canonical name of the model whose turn ended for it, and since when that had the turn. Null: none did. */
  readonly behindModel: string | null
  readonly behindSince: number | null
}

/** What a process that follows a job needs to know of it. */
export interface JobView extends JobStart {
  readonly id: string
  readonly state: JobState
  /** The number of the running or last attempt. 0: the job was never claimed. */
  readonly attempt: number
  /** The token of that attempt's claim, also when it is over. Null: the job was never claimed. */
  readonly token: string | null
  /**
   * The attempt whose output is the answer. Of a queued or running job: the attempt with the best answer so far. Null:
   * there is no answer.
   */
  readonly answerAttempt: number | null
  readonly errorCode: string | null
  /** Why the job ended without success, in words. Null: the answer or the code says it. */
  readonly errorMessage: string | null
}

/** A piece of the output of one attempt: first the head, then the body in the pieces in which it arrived. */
export type OutputPiece =
  | { readonly id: number; readonly kind: 'head'; readonly head: ResponseHead }
  | { readonly id: number; readonly kind: 'body'; readonly bytes: Buffer }

/** The position of a reader: the attempt whose output it reads, and the id of the last piece that it has. */
export interface OutputCursor {
  readonly attempt: number
  /**
   * The token of the attempt, or null for an attempt before the last. An engine that loses a claim in a crash gives its
   * number again: the token tells the two apart.
   */
  readonly token: string | null
  readonly after: number
}

export interface OutputRead {
  readonly job: JobView
  /** Undefined when the job has no output to read. */
  readonly cursor: OutputCursor | undefined
  readonly pieces: readonly OutputPiece[]
  /** There may be more pieces now. */
  readonly more: boolean
}

/** All that is known of a job, except its request and its log. */
export interface JobRecord extends JobRef, JobStart, GroupFacts, Sender {
  /** The job's place in the order of arrival: its `seq`, or that of an earlier request that it repeats. */
  readonly place: number
  readonly state: JobState
  readonly path: string
  readonly endpoint: string
  readonly groupKey: string
  readonly streaming: boolean
  readonly attempt: number
  readonly failedAttempts: number
  /** How often the worker died while it ran this job and no other. */
  readonly lostCount: number
  readonly runsAlone: boolean
  /** When a delayed job becomes ready for its next attempt. Null: the job is ready, is running or has ended. */
  readonly availableAt: number | null
  readonly cancelRequestedAt: number | null
  readonly answerAttempt: number | null
  readonly statusCode: number | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly finishedAt: number | null
  /** When the job may be deleted, with all that belongs to it. */
  readonly expiresAt: number | null
  /** When the request and the output may be deleted, because the caller has the answer. */
  readonly bytesExpireAt: number | null
  readonly caller: string
  /** The index of the priority in `priorities`. */
  readonly priority: number
  readonly maxAttempts: number | null
  readonly deadlineAt: number | null
  readonly idempotencyKey: string | null
  /** How many tokens of the answer the running attempt has received so far, as `progress` noted last. */
  readonly tokens: number | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  /** How long the load of the model took, in milliseconds, as the answer states it. */
  readonly loadMs: number | null
  /** How long the prompt and the rest of the answer took, as the answer states it. Null: it does not. */
  readonly promptMs: number | null
  readonly generateMs: number | null
  /** When the attempt that brought the answer had its first byte. Null: there is no answer. */
  readonly firstByteAt: number | null
  /** The number of the turn in which the last attempt started. Null: none has. */
  readonly turn: number | null
  /** The id of the batch in which it was submitted. Null: in none. */
  readonly batch: string | null
  readonly retryOf: string | null
  /** The JSON object that the caller gave with the job, as the caller wrote it. Null also when it is damaged. */
  readonly metadata: string | null
}

/** What may be changed of a queued job. A field that is undefined stays as it is. */
export interface JobRevision {
  readonly priority?: Priority | undefined
  /** Null: it has none any more. */
  readonly deadlineAt?: number | null | undefined
}

/** Which jobs are meant. A field that is undefined does not restrict them. */
export interface JobConditions {
  readonly caller?: string | undefined
  readonly state?: JobState | undefined
  /** As `modelName` of the job. */
  readonly modelName?: string | undefined
  readonly priority?: Priority | undefined
  /** Only jobs of another priority. */
  readonly priorityOtherThan?: Priority | undefined
  readonly errorCode?: string | undefined
  /** The id of the batch in which they were submitted. */
  readonly batch?: string | undefined
  /**
   * What their metadata has at its top level, by name: the value is this text, or the number, `true`, `false` or `null` that the text
   * stands for in JSON.
   */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Only jobs that no job of the same caller repeats with the key `keyOfRepetition`. */
  readonly unrepeated?: boolean | undefined
  /** Only jobs that were submitted at this time or later, and before that one. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Only jobs with this `seq` or a higher one. */
  readonly from?: number | undefined
  /** Only jobs with a lower `seq`. */
  readonly before?: number | undefined
}

/** Which jobs to list. */
export interface JobFilter extends JobConditions {
  readonly limit: number
}

/** A change of a job as its log keeps it: with the time at which it happened. */
export type LoggedChange = JobChange & { readonly at: number }

/** One entry of a job's log. Ids rise within a job, and an entry never changes. */
export type LogEntry = { readonly id: number; readonly attempt: number } & (
  | { readonly kind: 'head'; readonly head: ResponseHead }
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'event'; readonly event: LoggedChange }
)

/** The request of a job as it was submitted, with its webhook. */
export interface KeptRequest extends Pick<StoredRequest, 'headers' | 'body'> {
  readonly parts: number
  readonly webhook?: Webhook
}

// Webhooks

/** The answer of a job as the log holds it. */
export interface StoredAnswer {
  readonly head: ResponseHead
  readonly body: readonly Buffer[]
}

/** A change of a job that a webhook message reports. */
export interface Announcement {
  readonly event: WebhookEvent
  readonly at: number
  /** The job as it is after the change. */
  readonly job: JobRecord
  /**
   * Reads the job's answer. Undefined when the job has none, or one whose body is longer than ANNOUNCED_ANSWER_BYTES, or that
   * takes long to read because it came in tens of thousands of pieces. Only a job that has ended has one.
   */
  readonly answer: () => StoredAnswer | undefined
}

/**
 * A longer answer is not read for a webhook message, because the message is written within the unit that ends the job. A stream
 * with a result that is short enough for a message is rarely longer: Ollama sends 100 to 250 bytes for each token.
 */
export const ANNOUNCED_ANSWER_BYTES = 1024 * 1024

/**
 * Writes the body of a webhook message. The body is stored, so that every attempt sends the same bytes. It is pure and
 * quick, because an engine calls it within the unit of the change, and may call it for a unit that fails.
 */
export type Compose = (announcement: Announcement) => string

/** One webhook message to one receiver. */
export interface Delivery {
  readonly seq: number
  /** The `webhook-id`: the same in every attempt. */
  readonly id: string
  readonly jobSeq: number
  readonly event: WebhookEvent
  readonly url: string
  /** The host and port of the URL. */
  readonly host: string
  /** The caller that owns the job. */
  readonly caller: string
  readonly state: DeliveryState
  /** The number of failed attempts since the message was written or redelivered. */
  readonly failures: number
  /** Null: the message is no longer pending. */
  readonly nextAttemptAt: number | null
  readonly createdAt: number
  /** When the message was delivered or given up. Null: it is pending. */
  readonly finishedAt: number | null
}

/** Which messages are meant. A field that is undefined does not restrict them. */
export interface DeliveryConditions {
  readonly caller?: string | undefined
  readonly state?: DeliveryState | undefined
  readonly host?: string | undefined
  /** Only messages that were written at this time or later, and before that one. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Only messages with this `seq` or a higher one, and with a lower one than that. */
  readonly from?: number | undefined
  readonly before?: number | undefined
}

/** A message among those of other jobs. */
export type ListedDelivery = Delivery & { readonly jobId: string }

export type DueDelivery = Delivery & { readonly body: string }

/** The pending messages of one caller for one host. */
export interface Backlog {
  readonly host: string
  readonly caller: string
  /** When the first of them is due. */
  readonly nextAttemptAt: number
  /** How many attempts at that message have failed. */
  readonly failures: number
}

/** One attempt at a delivery. */
export interface DeliveryAttempt {
  /** When it began. No two attempts at one message begin in the same millisecond. */
  readonly at: number
  readonly durationMs: number
  /** The HTTP status of the receiver's answer. Null: there was no answer. */
  readonly status: number | null
  /** Why there was no answer. Null: there was one. */
  readonly error: string | null
  /** The beginning of the body of the receiver's answer. */
  readonly response: string | null
}

/** The kinds of what follows from an attempt. */
export const deliveryResults = [
  'delivered',
  'dead',
  'gone',
  'again',
] as const satisfies DeliveryResult['kind'][]

/** What follows from an attempt. `gone`: the receiver at this URL gets no more messages of this caller's jobs. */
export type DeliveryResult =
  | { readonly kind: 'delivered' | 'dead' | 'gone' }
  | { readonly kind: 'again'; readonly nextAttemptAt: number }

// Processes, the target, and the store itself

export type TargetState = 'unknown' | 'up' | 'away'

/** What the worker knows of the target. */
export interface TargetRow {
  /** `up`: the target answers. `away`: it does not. `unknown`: no worker has looked yet. */
  readonly state: TargetState
  /** When the state last changed. */
  readonly since: number
  /** Why the target is away, or what it does not answer while it is `up`. Null: neither. */
  readonly reason: string | null
  /** When a gateway last failed to reach the target, and asked the worker to check. */
  readonly suspectedAt: number | null
  /** When a watchdog last cut off a silent exchange. Null: an exchange has succeeded since. */
  readonly stalledAt: number | null
  /** Whether loading the embedding model pushed the working model out of memory, so that the worker unloaded it. */
  readonly embedderDoesNotFit: boolean
  /** The groups that the target can serve without a load. Null: nobody knows. */
  readonly residentGroups: readonly string[] | null
  /** The models in its memory. Null: nobody knows. */
  readonly residents: readonly ResidentModel[] | null
  /** Until when the target stands still for a caller who is likely to come back. Null: it does not. */
  readonly expectingUntil: number | null
  /** The settings by which the active worker decides. Null: none has said. */
  readonly rules: SchedulingRules | null
}

/** A model in the target's memory. */
export interface ResidentModel {
  /** The canonical name. */
  readonly name: string
  /** The groups of jobs that it serves without a load. Empty: none of the queue's that anybody knows. */
  readonly groups: readonly string[]
  /** How much memory it takes, and until when it stays if nobody asks for it. Null: the target does not say. */
  readonly bytes: number | null
  readonly expiresAt: number | null
}

/** What the worker decides by (docs/scheduling.md). */
export interface SchedulingRules {
  readonly maxWaitMs: number
  readonly maxWaitLowMs: number
  /** 0: nobody's use counts. */
  readonly halfLifeMs: number
  /** How many jobs of a loaded model run at the same time. */
  readonly concurrency: number
  /** The hours in which jobs of a class start, and where the clock on the wall is. Undefined: there are none. */
  readonly windows?: readonly WindowRule[]
  readonly timeZone?: string
}

export interface WindowRule {
  readonly kind: 'priority' | 'model'
  /** The name of the priority, or the canonical name of the model. */
  readonly subject: string
  /** The days on which it opens; 0 is Sunday. */
  readonly days: readonly number[]
  /** In minutes of the day. An end that is not after the beginning is on the next day. */
  readonly from: number
  readonly to: number
}

export interface ModelRow {
  /** The canonical name of the model. */
  readonly name: string
  /** The digest of the model's manifest. Names with the same manifest have the same digest. */
  readonly digest: string
  /** Null: the target has not been asked yet, or what is stored is damaged. */
  readonly loading: Loading | null
  /** Whether the model runs on another machine, and so needs no memory of the target. */
  readonly remote: boolean
}

/** An answer of one of the target's metadata routes, unchanged. */
export interface Snapshot {
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly polledAt: number
}

// What happened

/** What the worker knows when it counts. */
export interface CountRequest {
  readonly now: number
  /** How many groups the target can have in memory at a time. */
  readonly fits: number
  /** How long a load of a group takes. Pure and synchronous. */
  readonly loadMsOf: (groupKey: string) => number
}

/** One of the numbers that only rise. */
export interface TallyKey {
  /** What is counted. */
  readonly name: string
  /** A JSON object of texts, with its names in alphabetical order. */
  readonly labels: string
  /** The upper bound of a bucket, `more`, or `sum`. Empty: it is no histogram. Buckets are not cumulative. */
  readonly part: string
}

/** Times are in milliseconds. */
export interface Tally extends TallyKey {
  readonly value: number
}

/** A load of a model. */
export interface NewLoad {
  /** The turn in which it happened. Null: nobody knows. */
  readonly turn: number | null
  readonly model: string
  readonly loadMs: number
  /** Whether the model should have been in memory: somebody else has loaded another one. */
  readonly isForeign: boolean
}

export interface TimeRange {
  readonly from: number
  readonly until: number
}

/** A turn of a group at a target. */
export interface TurnRow {
  readonly id: number
  readonly target: string
  readonly groupKey: string
  /** Canonical names. Null: what is stored is damaged. */
  readonly models: readonly string[] | null
  readonly reason: ChoiceReason
  readonly startedAt: number
  /** When its first job had its first byte, if its model was loaded for it. */
  readonly loadedAt: number | null
  readonly loadMs: number | null
  /** When the last of its jobs ended so far. */
  readonly lastAt: number | null
  /** Null: it is the present one, or the last one, whose group ran dry. */
  readonly endedAt: number | null
  readonly end: TurnEnd | null
  /** How many jobs have ended in it, how many tokens they have generated, and how long they ran, one after the other. */
  readonly jobs: number
  readonly tokens: number
  readonly busyMs: number
}

/** A job that has run. */
export interface RanJob {
  readonly groupKey: string
  readonly modelName: string
  readonly createdAt: number
  /** Of the last attempt. */
  readonly startedAt: number
  readonly finishedAt: number
  /** How long its load took, as the answer states it. */
  readonly loadMs: number | null
  /** The turn in which the last attempt started. Null: nobody knows any more. */
  readonly turn: Pick<TurnRow, 'id' | 'startedAt' | 'loadedAt' | 'loadMs'> | null
}

export type PhaseKind = 'away' | 'silent' | 'paused' | 'closed' | 'worker_away'

/** A time in which no turn could go on as usual. */
export interface PhaseRow extends NewPhase {
  readonly target: string
  readonly startedAt: number
  /** Null: it goes on. */
  readonly endedAt: number | null
}

export interface NewPhase {
  readonly kind: PhaseKind
  /** For people. */
  readonly detail: string | null
}

/** What happened in a time, for one caller, or to nobody: there `caller` is empty. */
export interface SampleRow {
  /** When the time began. */
  readonly minute: number
  readonly caller: string
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly busyMs: number
  readonly loads: number
  readonly loadMs: number
  readonly arrivalLoads: number
  readonly arrivalLoadMs: number
  /** How the queue looked. Null: nobody looked. */
  readonly queued: number | null
  readonly running: number | null
  readonly oldestWaitMs: number | null
}

/** How many jobs of an account are ready. */
export interface AccountCount {
  readonly account: string
  readonly jobs: number
}

/** How many jobs of a model wait for the time of their next attempt. */
export interface DelayedCount {
  readonly modelName: string
  readonly jobs: number
}

/** A job that runs now, as an operator sees it. */
export interface InFlightJob extends JobRef {
  readonly modelName: string
  readonly groupKey: string
  readonly caller: string
  readonly createdAt: number
  readonly startedAt: number
  readonly startReason: ChoiceReason | null
  /** How many tokens of the answer have come so far, as `progress` noted last. */
  readonly tokens: number | null
  readonly turn: number | null
  /** Whether anything of this attempt's answer has come. */
  readonly hasBegun: boolean
}

/** The webhook messages that have yet to be sent. */
export interface MessageCounts {
  readonly pending: number
  /** When the oldest of them was written. Null: there is none. */
  readonly oldestAt: number | null
}

/** What is known of a host that webhook messages go to. */
export interface ReceiverRow {
  /** The host and port of the URLs. */
  readonly host: string
  readonly pending: number
  readonly dead: number
  /** When the last attempt began. Null: it is long ago. */
  readonly lastAt: number | null
  /** The last attempt that has failed. Null: it is long ago, or none has. */
  readonly lastError: LastError | null
  /** When a URL of the host last answered that it is gone. Null: none has. */
  readonly goneAt: number | null
}

export type LastError = Pick<DeliveryAttempt, 'at' | 'status' | 'error'>

export interface StorageFigures {
  readonly fileBytes: number
  /** How much of the file holds something. */
  readonly usedBytes: number
  /** How much is written and not yet moved into the file. */
  readonly walBytes: number
  readonly diskFreeBytes: number
}

/** What has become of jobs lately. */
export interface JobChanges {
  /** The last change that was looked at. */
  readonly last: number
  /** The first of them. */
  readonly changes: readonly JobChangeRow[]
  /** How many more there were. */
  readonly skipped: number
}

export interface JobChangeRow {
  readonly id: string
  /** The state that the job then had. */
  readonly state: JobState
  readonly modelName: string
  readonly caller: string
  readonly at: number
}

/**
 * `pause`: nothing starts. `close`: nothing is accepted. `model`, `priority`, `caller`: jobs of the subject do not start.
 * `open_model`, `open_priority`: they start although no window is open for them.
 */
export type HoldKind = 'pause' | 'close' | 'model' | 'priority' | 'caller' | 'open_model' | 'open_priority'

/** Names a hold: by its id, or by what there is only one hold of. */
export type HoldName = { readonly id: string } | { readonly kind: HoldKind; readonly subject?: string }

/** What an operator holds back, or lets through. */
export interface NewHold {
  readonly kind: HoldKind
  /** The canonical name of a model, the name of a priority, or of a caller as an account. Undefined: the kind has none. */
  readonly subject?: string | undefined
  /** When it is over by itself. Undefined: never. */
  readonly until?: number | undefined
  readonly reason?: string | undefined
  /** Who does it. */
  readonly by: string
  /** For `pause`: whether what runs is put back. */
  readonly releases?: boolean
  /** For `pause`: whether the models have to leave the target's memory. */
  readonly unloads?: boolean
}

export interface HoldRow {
  /** `hold_` and a UUID of version 7. */
  readonly id: string
  readonly kind: HoldKind
  /** Empty: the kind has none. */
  readonly subject: string
  readonly startedAt: number
  /** Null: it does not end by itself. */
  readonly until: number | null
  readonly reason: string | null
  readonly by: string
  readonly releases: boolean
  readonly unloads: boolean
}

/** What somebody did to the queue. */
export interface NewOperation {
  /** The name of the caller, or `operator`. */
  readonly by: string
  readonly action: string
  /** To what it was done. Undefined: to the queue as a whole. */
  readonly subject?: string | undefined
  readonly reason?: string | undefined
  /** More about it. Never a prompt or an answer. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined
}

/** An operation on many jobs or messages, which takes a while. */
export interface BegunOperation extends NewOperation {
  /** How many it is about. */
  readonly matched: number
  /** The gateway that does it. It is also in the `detail`. */
  readonly gateway: string
}

export interface OperationEnd {
  readonly state: 'done' | 'stopped' | 'failed'
  readonly done: number
}

export interface OperationsAsked {
  /** Only those that came before this one. */
  readonly before?: number | undefined
  readonly limit: number
}

export interface OperationRow {
  readonly id: number
  readonly at: number
  readonly by: string
  readonly action: string
  readonly subject: string
  readonly reason: string | null
  readonly detail: Readonly<Record<string, unknown>> | null
  /** An operation on many jobs goes on for a while. */
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  /** How many jobs or messages it is about, and how many are done. Null: it is about none. */
  readonly matched: number | null
  readonly done: number | null
  readonly stopRequestedAt: number | null
  /** Null: it goes on. */
  readonly endedAt: number | null
}

/** A worker process. */
export interface WorkerRow {
  /** A name that the process chose for itself. */
  readonly id: string
  readonly pid: number
  /** Whether it is active. Otherwise it is on standby. */
  readonly active: boolean
  readonly startedAt: number
  readonly heartbeatAt: number
}

/** What a process says of itself with a heartbeat. */
export interface ProcessFigures {
  /** The version of foreman. */
  readonly version: string
  readonly residentBytes: number
  /** The CPU time of all its threads so far. */
  readonly cpuMs: number
  /** How late its event loop was at the most, but for one time in a hundred, since the last heartbeat. */
  readonly loopLagMs: number
  /** By which another process sees which of the settings that all must share it has other values of. */
  readonly settings: string
}

/** What a gateway says of itself with a heartbeat. */
export interface GatewayBeat {
  readonly at: number
  readonly startedAt: number
  readonly figures: ProcessFigures
}

/** A process on the queue, as it said of itself last. */
export interface ProcessRow {
  readonly kind: 'worker' | 'gateway'
  readonly id: string
  /** Null: it is a gateway. */
  readonly pid: number | null
  /** Whether it is at work: every gateway, and one of the workers. */
  readonly active: boolean
  /** Null: it is of an older version. */
  readonly startedAt: number | null
  readonly heartbeatAt: number | null
  readonly figures: ProcessFigures | null
}

/** A lock that a process has. */
export interface Lock {
  /** Names this holding of the lock, and no other. */
  readonly holder: string
  /** Gives the lock back. Does nothing when it is lost or given back already. */
  release(): void
}

/** Something that is wrong with the store. */
export interface StoreFault {
  /** What `/healthz` calls it. docs/operations.md says what to do about each. */
  readonly name: StoreFaultName
  /** What a caller is told whose job is refused because of it. Undefined: jobs are tried all the same. */
  readonly refusal?: string
}

export const storeFaultNames = ['file_locks_do_not_work', 'queue_replaced', 'queue_not_writable'] as const
export type StoreFaultName = (typeof storeFaultNames)[number]

export interface StoreState {
  /**
   * The size of the store's content, and how much its disk has left (undefined: it is on another host). `unknown`: that could
   * not be found out.
   */
  readonly room: { readonly usedBytes: number; readonly freeBytes?: number } | 'unknown'
  readonly faults: readonly StoreFault[]
}

export interface BackupOptions {
  /** The file of the copy. One of that name is replaced. */
  readonly to: string
  /** What the queue notes as the time of the backup. */
  readonly at: number
  /** Without it, the copy says how many jobs there were, how large, in which states and when, but nothing of what they were about. */
  readonly withContent: boolean
  /** Which files in the directory of the copy are of a backup that was killed. They are removed. */
  readonly isLeftOver: (name: string) => boolean
  /** Told which file has the copy until it is whole, before the copying begins: nothing can be said meanwhile. */
  readonly onCopying?: (partial: string) => void
}

export interface BackupMade {
  readonly file: string
  readonly bytes: number
  /** Whether the queue says that it was backed up. It does not if this user may not write it, or if it has an older layout. */
  readonly isNoted: boolean
}

/** What a backup has, and what would become of it. */
export interface BackupContents {
  /** The store version of the backup. */
  readonly version: number
  readonly callers: readonly {
    readonly caller: string
    /** All its jobs. */
    readonly total: number
    /** Those that would run, and those that would run again. */
    readonly queued: number
    readonly running: number
    /** Those whose callers waited on their connections. They would be cancelled. */
    readonly left: number
  }[]
  /** When the last job was submitted. */
  readonly lastJobAt: number | undefined
  /** Messages that would be sent, perhaps once more. */
  readonly pendingWebhooks: number
}

export interface RestoreOptions {
  readonly backup: string
  readonly at: number
}

export interface Restored {
  readonly contents: BackupContents
  /** Where the queue is that was there. Undefined: there was none. */
  readonly kept: string | undefined
}

/** What can be seen of a store from the outside. What cannot be found out is left out. */
export interface StoreExamination {
  /** The path without symbolic links. */
  readonly file: string
  /** Such as `ext4` or `nfs4`. */
  readonly fileSystem: string | undefined
  readonly freeBytes: number | undefined
  /** How long it took, several times, until something small was on the disk, in order. */
  readonly flushMs: readonly number[] | undefined
  /** `none`: there is no queue yet. `older`, `newer`: than this code. `foreign`: it is not one of foreman. */
  readonly layout: 'none' | 'current' | 'older' | 'newer' | 'foreign' | 'unreadable'
  /** Why it is unreadable. */
  readonly problem?: string
  /** `ok`, or what is wrong; only when that was asked. */
  readonly damage?: string
  readonly mode?: number
  /** Whether it belongs to the user of this process. */
  readonly isOwn?: boolean
  readonly isWritable?: boolean
  readonly fileBytes?: number
  readonly walBytes?: number
  /** Whether a process has the lock of the worker that works. */
  readonly isWorkerLocked?: boolean | undefined
}
