import type {
  AccountCount,
  Added,
  Agenda,
  Ahead,
  Backlog,
  BatchCounts,
  BatchFilter,
  BatchLine,
  BatchRow,
  BegunOperation,
  CancelResult,
  CountRequest,
  Claim,
  Claimed,
  ClaimRequest,
  DelayedCount,
  Delivery,
  DeliveryAttempt,
  DeliveryConditions,
  DeliveryResult,
  DueDelivery,
  Ending,
  FileRow,
  Finish,
  GatewayBeat,
  GroupKeyOf,
  HoldName,
  HoldRow,
  IdempotencyKey,
  InFlightJob,
  JobChanges,
  JobConditions,
  JobFilter,
  JobRecord,
  JobRef,
  JobRevision,
  JobView,
  KeptRequest,
  LineCount,
  ListedDelivery,
  Loading,
  Lock,
  LogEntry,
  MessageCounts,
  ModelRow,
  NewBatch,
  NewestFirst,
  NewFile,
  NewHold,
  NewJob,
  NewLoad,
  NewOperation,
  OperationEnd,
  OperationRow,
  OperationsAsked,
  Output,
  OutputCursor,
  OutputRead,
  PhaseRow,
  RanJob,
  ProcessFigures,
  ProcessRow,
  ReceiverRow,
  RecordedTurn,
  Recovery,
  RefusedLine,
  Release,
  RequestPart,
  Run,
  RunningJob,
  SampleRow,
  Sender,
  SenderCount,
  SenderLine,
  Snapshot,
  StorageFigures,
  StoreState,
  Submitted,
  Tally,
  TargetRow,
  TimeRange,
  TurnRow,
  WaitingLine,
  WorkerRow,
} from './values.ts'

/**
 * The durable queue that gateways and workers share: what they may ask of it, and what each verb promises. An engine keeps
 * these promises; nothing outside the engine knows which engine it is.
 *
 * **A verb is one unit.** All of it happens or nothing, and whoever reads sees all of it or nothing. It takes values, and
 * gives values that are the caller's own. Three functions are called from inside: `GroupKeyOf`, `Compose` and
 * `CountRequest.loadMsOf`, all pure and synchronous.
 *
 * **Durability belongs to the verb.** *durable*: when the verb has resolved, a power cut does not undo it, nor what it
 * answers: also when it found nothing to do. *quick*: it survives the death of every process of foreman, but a power cut, or a
 * crash of the engine's server, may undo the last quick writes. A durable verb about a job also makes durable what was written
 * of that job before. A crash that undoes quick writes also takes the locks of all workers (`Locks`). Reads see every write
 * that has resolved, of any process.
 *
 * **Order.** Writes of one process about the same job, arrival, message or process row take effect in their order, awaited or
 * not; a call that failed and is repeated takes its place at the repetition. The entries of one job's log have rising ids, in
 * the order in which they become visible: a reader that has seen an entry has seen all of the same job before it. Between jobs
 * there is no such order. `seq` gives the order of arrival; of equal rights, the lower `seq` comes first, or
 * the lower `place` where a job has taken one over (`enqueue`).
 *
 * **Errors.** A verb rejects with a NotNowError when the store does not do it now: `isUnavailable`, `isFull`, or read-only
 * (`mayPass` means any of them); none takes longer than some seconds. After the last two, nothing took effect. After
 * `isUnavailable` nobody knows, because a connection can break in the moment of the commit. Every verb may then be **called
 * again with the same arguments**, within seconds, and the sum is as if it had been called once; a verb that sets a value sets it
 * again, and the last call wins. Where a verb has more to say about that, it says so under *Again*. What an engine itself knows
 * to be rolled back (a deadlock), it repeats by itself. Other errors are named at the verb; what is not named is damage, or a
 * mistake of foreman's.
 *
 * **Absent jobs.** A verb about a job that is deleted does nothing, or answers as it says. Jobs of an arrival that is not
 * accepted are found by `seq`, but by nothing else; they do not run, and do not fail by their deadline.
 *
 * **Changes of jobs.** When a job changes its state, the change is appended to its log with the `now` of the verb: as
 * `queued` (attempt 0), `started`, `reset`, `progress`, `released`, `lost`, `cancel_requested`, or the state in which it ended
 * (with its error code as `code`, but not for `cancelled` in the queue). The entry names the attempt of the change, and for a
 * job that ends in the queue its last attempt. Nothing else is logged. If the job has a webhook that reports the change
 * (`webhookEventOf`), a message is written into the outbox (`deliveries`): in the unit of the change, after all that the verb
 * writes about the job, so that `Compose` sees the job as it is then. It is pending, without failures, due since then; its id is
 * `newId('msg', now)`, its `host` is `new URL(url).host`, its caller that of the job. A message is not written when its receiver
 * is recorded as gone for this caller, and the job is not younger (`Deliveries.record`).
 *
 * **Ends.** `finish` stores what it is given, and null for what it is not given. A job that ends in the queue, or broken, has
 * no answer: `answerAttempt` and `statusCode` are null. `finishedAt` is the `now` of the verb, `expiresAt` lies `ttlMs` behind
 * it. A job that leaves `running` keeps its token (`JobView.token`), and loses the request of its cancellation.
 *
 * **Clocks.** Times come from the caller, who takes them from `now()`. A time at which something is due that lies further ahead
 * than it could when it was written comes from a clock that was set back since: it is due now. Deadlines and expiries are taken
 * as they are. `<=` decides whether a time has come.
 *
 * **Texts** come back as they were given, U+0000 included; lone surrogates may become U+FFFD.
 */
export interface Store {
  /** The name that all processes on this store share, and no other deployment has. */
  readonly deployment: string
  /**
   * The clock of the store, in whole milliseconds since the epoch: for all processes the same, on whatever hosts they are, as
   * well as the engine knows it. It may step either way, and goes on while the store cannot be reached.
   */
  now(): number
  /**
   * What is known of the store's health, at most some seconds old. Returns at once, also while the store cannot be reached,
   * and writes nothing: whether the store takes writes is known from the writes that processes make anyway.
   */
  state(): StoreState
  readonly submissions: Submissions
  readonly queue: Queue
  readonly runs: Runs
  readonly output: JobOutput
  readonly records: Records
  readonly batches: Batches
  readonly files: Files
  readonly deliveries: Deliveries
  readonly target: Target
  readonly catalogue: Catalogue
  readonly workers: Workers
  readonly gateways: Gateways
  readonly upkeep: Upkeep
  readonly holds: Holds
  readonly operations: Operations
  readonly history: History & HistoryReads
  readonly locks: Locks
  readonly changes: Changes
  /** Waits for what is under way, gives the locks of this process back, and ends its listeners. No verb may be called after it. */
  close(): Promise<void>
}

/** What a process may ask that only looks. It never creates, migrates, locks or writes anything. */
export interface StoreReader {
  /** As `Store.now`. */
  now(): number
  readonly records: Records
  readonly output: JobOutput
  readonly history: HistoryReads
  readonly overview: Overview
  readonly holds: Pick<Holds, 'list'>
  readonly operations: Pick<Operations, 'list'>
  readonly queue: Pick<Queue, 'turn' | 'memory'>
  readonly catalogue: Pick<Catalogue, 'list' | 'model' | 'snapshot'>
  readonly target: Pick<Target, 'read'>
  readonly workers: Pick<Workers, 'active'>
  close(): Promise<void>
}

/**
 * What happened, as the active worker counts it. What is counted of jobs is read from the log of their changes, once: that a
 * change is counted, and what it adds, is one unit. So a crash neither loses nor doubles it, and whoever waits for a change does
 * not wait for its counting.
 */
export interface History {
  /** Whether there are changes that are not counted yet. */
  isDue(): Promise<boolean>

  /** Counts some of the changes that are not counted yet. Quick. @returns whether there are more */
  count(request: CountRequest): Promise<boolean>

  /** Counts a load, and notes it in its turn. Quick. *Again:* it counts twice. */
  noteLoad(load: NewLoad, now: number): Promise<void>

  /** Notes when the first job of a turn had its first byte, if its model was loaded for it. Null: it was not, after all. Quick. */
  noteLoaded(turn: number, at: number | null): Promise<void>

  /** Notes how the queue looks, in the minute of `now`. Quick. */
  sample(now: number): Promise<void>

  /** Deletes some of what happened before a time. Quick. @returns whether there is more */
  prune(before: number): Promise<boolean>
}

export interface HistoryReads {
  /** Since when jobs are counted. */
  since(): Promise<number>

  tallies(): Promise<Tally[]>

  /** The turns that lie in a time at least in part, the oldest first: the last `limit` of them. */
  turns(time: TimeRange, limit: number): Promise<TurnRow[]>

  /**
   * The accepted jobs that were submitted in a time and have ended after a start, in the order of their arrival: the last `limit` of
   * them. What was cancelled or failed before that many others of its state is left out.
   */
  ran(time: TimeRange, limit: number): Promise<RanJob[]>

  /** The phases that lie in a time at least in part, the oldest first: the last `limit` of them. */
  phases(time: TimeRange, limit: number): Promise<PhaseRow[]>

  /** What happened in a time, in steps, the oldest first. */
  samples(time: TimeRange, stepMs: number): Promise<SampleRow[]>
}

/** What an operator sees at a glance. The reads cost more than those of a request: they are for a thread of their own. */
export interface Overview {
  readyOfAccounts(): Promise<AccountCount[]>

  /** How many jobs of each model wait for the time of their next attempt. */
  delayed(): Promise<DelayedCount[]>

  /** The jobs that run, the oldest first. */
  inFlight(): Promise<InFlightJob[]>

  /** The groups in which an account has ready jobs. Undefined: in which anybody has. */
  groupsOfAccount(account: string | undefined): Promise<string[]>

  /** The changes of states of accepted jobs after this one. Undefined: from now on. Looks at some thousands at the most. */
  jobChanges(after: number | undefined, limit: number): Promise<JobChanges>

  messages(): Promise<MessageCounts>

  /** How many webhook messages were given up since then. Reads them all. */
  deadMessages(since: number): Promise<number>

  /**
   * The hosts that webhook messages go to, those with the most undelivered ones first. Looks at all pending messages, at the last
   * 100,000 dead ones, and at the last 10,000 attempts.
   */
  receivers(limit: number): Promise<ReceiverRow[]>

  storage(): Promise<StorageFigures>

  /** When the newest backup was noted, as an operation with the action `BACKUP` that is done. */
  lastBackup(): Promise<number | undefined>

  /** The processes on the queue, also those that have died lately: gateways and workers, by the time of their start. */
  processes(): Promise<ProcessRow[]>

  /** The version of the layout of the store, for people. */
  schema(): Promise<string>

  /** Another number than before, when another process or connection has written since. */
  version(): Promise<number>
}

/**
 * What operators hold back, or let through. The active worker heeds it, and gateways show it. Of one kind and subject there is
 * one hold at most. A hold whose time has come (`until`) is over, whether or not it is deleted yet.
 */
export interface Holds {
  /** The holds that are not over, in the order in which they began. */
  list(now: number): Promise<HoldRow[]>

  /**
   * Begins a hold, or gives the one of this kind and subject another end, reason or way: then its id and its beginning stay.
   * A hold of a model or priority ends what lets it through (`open_…`), and the other way round. Writes down who did it,
   * unless it changes nothing. Durable.
   *
   * @returns the hold as it is then
   */
  set(hold: NewHold, now: number): Promise<HoldRow>

  /** Ends a hold, and writes down who did it. Durable. @returns whether there was one that was not over */
  release(which: HoldName, who: Pick<NewOperation, 'by' | 'reason'>, now: number): Promise<boolean>

  /** Deletes the holds that are over, and writes it down as done by `foreman`. Quick. @returns when the next one is over */
  dropOver(now: number): Promise<number | undefined>
}

/** What operators did, and what they have asked the active worker to do. */
export interface Operations {
  /** Writes down who did what. Quick. *Again:* it is written twice. @returns its id */
  note(operation: NewOperation, now: number): Promise<number>

  /**
   * Asks the active worker for something, unless that is asked for already (by its `action`). It is `running` then, until the
   * worker ends it. Durable.
   */
  ask(operation: NewOperation, now: number): Promise<void>

  /** What the active worker was asked for and has not done yet. */
  asked(action: string): Promise<OperationRow | undefined>

  /** The newest first. */
  list(asked: OperationsAsked): Promise<OperationRow[]>

  /** @returns undefined when there is no such operation any more */
  byId(id: number): Promise<OperationRow | undefined>

  /**
   * Writes down that somebody begins something that takes a while: `running`, with nothing done. When its gateway leaves or dies
   * (`Gateways`), it has `failed`, or is `stopped` if that was requested. Quick. *Again:* it is begun twice. @returns its id
   */
  begin(operation: BegunOperation, now: number): Promise<number>

  /** Records how many are done. Quick. @returns whether it goes on: it is running, and nobody has requested its stop */
  progress(id: number, done: number): Promise<boolean>

  /** Requests that a running operation stops. Of one that has ended, nothing changes. Quick. */
  requestStop(id: number, now: number): Promise<void>

  /** Ends a running operation. One that has ended stays as it is. Quick. */
  end(id: number, end: OperationEnd, now: number): Promise<void>
}

/** The verbs of a process that submits jobs. */
export interface Submissions {
  /**
   * Whether a request with this key would get a job that exists already. Keys are each caller's own. A key lets go of its job
   * when that ended, but not for good (`isFinal` of @foreman/jobs), and when the job belongs to an arrival that was given up:
   * then it counts as new, whatever its hash.
   *
   * @throws KeyReusedError when the key belongs to a different request of the caller
   * @throws KeyInUseError when the jobs of the key are still being written
   */
  hasJob(asked: {
    readonly caller: string
    readonly key: IdempotencyKey
    readonly now: number
  }): Promise<boolean>

  /**
   * Inserts jobs as `queued`, all of them or none, in their order. A job whose key has a job already is not inserted: that
   * job is returned in its place, as a replay. A key that has let go is taken away from its old job, and an arrival of which
   * that job was part is discarded.
   *
   * **A repeated request keeps its place.** A job with a `requestHash` takes over the place in the order of arrival, and the time of
   * the arrival, of a job of the same caller and sender with the same hash, whose caller has left in the last two minutes
   * (`cancel`). Only one job takes a place over; when its caller leaves as well, the place is there again. `queued` says so.
   *
   * **A batch** is there once one of its jobs is inserted. If a job of a batch is replayed, the others join that batch: each takes
   * the line of the job that had its key, which is part of no batch then, and the batch is no longer cancelled.
   *
   * Durable, if one of the jobs is handed over. A job with a `gateway` may be lost in a power cut: its caller is gone then, too.
   *
   * *Again:* a job whose id is there already is the one that the first call inserted, and no replay. That comes before its key.
   *
   * @param groupKeyOf is called with what is known of each job's model (by `modelName`). A job that comes in by older knowledge
   *   while the worker learns more is put right by the next `regroup` of its model, which follows at the latest after the next
   *   poll of the target
   * @returns one for each job, in their order
   * @throws KeyReusedError, KeyInUseError as `hasJob` does
   */
  enqueue(submission: {
    readonly jobs: readonly NewJob[]
    readonly groupKeyOf: GroupKeyOf
    readonly now: number
    readonly batch?: NewBatch | undefined
  }): Promise<Submitted[]>

  /** Submits in several steps what is too large for one. */
  readonly arrivals: Arrivals

  /**
   * Ends a queued job as `cancelled`, with the code `cancelled` and without an answer; or records that the cancellation of a
   * running job was requested, if it was not. With `hasLeft`, a repetition of the request may take over the place of a queued job.
   * Durable for a job that is handed over.
   *
   * *Again:* may return `ended` for a job that the first call ended.
   */
  cancel(job: JobRef, ending: Ending, why?: { readonly hasLeft: boolean }): Promise<CancelResult>

  /**
   * Changes a queued job, also a delayed one. It keeps its place in the order of arrival. A deadline that has passed fails it at the
   * next `failOverdue`. What an operator did for it is written down in the same unit (`Operations.note`). Does nothing for another
   * job. Durable for a job that is handed over.
   *
   * *Again:* the operation is written twice, and a job that has started meanwhile stays as it is.
   *
   * @returns whether the job was queued
   */
  change(job: JobRef, revision: JobRevision, now: number, operation?: NewOperation): Promise<boolean>

  /**
   * Notes that the caller has the whole answer: request and answer may be deleted at `expireAt`. Does nothing for a job that
   * has not ended or is gone, and for a job with an idempotency key, because its caller may ask for the answer again. Quick.
   */
  delivered(job: JobRef, expireAt: number): Promise<void>
}

/**
 * The verbs of a process that submits more than fits into one short unit: thousands of jobs, or a body of many megabytes. It
 * begins an arrival, adds to it, and accepts it. Before that nothing of it runs, is found by its id, or is told of; its keys
 * are in use. An arrival to which nothing was added for 30 s counts as given up, also if the last addition lies ahead; it is
 * gone for good when somebody takes one of its keys, or when `upkeep` finds it.
 */
export interface Arrivals {
  /**
   * Quick.
   *
   * *Again:* may begin another arrival. One to which nobody adds is given up like any other.
   *
   * @param batch is there once the arrival is accepted, and has a job then, or a line that is none; it joins another as in `enqueue`
   * @returns the id of the arrival, which is never used again
   */
  begin(now: number, batch?: NewBatch): Promise<number>

  /**
   * Adds jobs, as `enqueue` inserts them: this is when they were created. One whose body is in `parts` comes without it. Their
   * messages are written, but not due before `accept`. Quick.
   *
   * @param addition.batch the id of the batch with which the arrival began, and whose lines the jobs are
   * @param addition.refused lines of the batch that are no jobs
   *
   * @throws ArrivalLostError when the arrival is gone
   * @throws KeyReusedError, KeyInUseError as `hasJob` does
   */
  add(addition: {
    readonly arrival: number
    readonly jobs: readonly NewJob[]
    readonly groupKeyOf: GroupKeyOf
    readonly now: number
    readonly batch?: string | undefined
    readonly refused?: readonly RefusedLine[] | undefined
  }): Promise<Submitted[]>

  /**
   * Adds a part of the body of a job. Quick. *Again:* a part that is there stays.
   *
   * @throws ArrivalLostError when the arrival is gone
   */
  addPart(arrival: number, part: RequestPart, now: number): Promise<void>

  /**
   * Accepts all jobs of an arrival, which are all handed over or all waited for, and makes their messages due since they were
   * written. Durable for jobs that are handed over.
   *
   * *Again:* an arrival that is not there any more was accepted if the job `added.witness` is there, and part of no arrival.
   *
   * @throws ArrivalLostError when the arrival is gone, or something of what was added to it
   */
  accept(arrival: number, added: Added): Promise<void>

  /** Gives an arrival up. `upkeep` deletes what was written of it. Quick. */
  discard(arrival: number): Promise<void>
}

/**
 * The verbs of the worker that decides which job runs next. A job is ready when it is queued, accepted, and not delayed.
 * `claim`, `failOverdue`, `promoteDue` and `Runs.requeueLost` are for the active worker. An engine whose locks can be lost knows
 * which lock this store has taken: once it is lost, they reject as unavailable, also if this process has not heard of it.
 */
export interface Queue {
  /** What the worker has to heed besides ready jobs. It asks at each look, and mostly there is nothing: this is one cheap read. */
  agenda(): Promise<Agenda>

  /** Lists the lines that have a ready job, in no order. The cost depends on the number of lines, and not of jobs. */
  waitingLines(): Promise<WaitingLine[]>

  /** Counts the ready jobs. Stops at `most`. */
  ready(most: number): Promise<number>

  /**
   * Lists the senders that have a ready job in a line, in the order of their names: of at most 1,000 accounts the first one, and
   * at most 1,000 more of them all. The cost depends on their number, and not on that of jobs.
   */
  senders(line: Pick<WaitingLine, 'groupKey' | 'priority'>): Promise<Sender[]>

  /** The oldest ready job of each of these senders in a line. The cost depends on their number. */
  oldest(line: Pick<WaitingLine, 'groupKey' | 'priority'>, senders: readonly Sender[]): Promise<SenderLine[]>

  /**
   * Moves the queued jobs of a model into other groups, after the worker has learned more about the model: also those that are
   * delayed or not accepted yet. Quick.
   *
   * @param groupKeyOf returns the group key of jobs with these load options. Undefined: they stay in their group
   * @returns whether any job changed its group
   */
  regroup(modelName: string, groupKeyOf: (loadOptions: string) => string | undefined): Promise<boolean>

  /**
   * Claims ready jobs of one line, the oldest first: each becomes `running`, with one more attempt, the token, and the change
   * `started`; from the second attempt on with the change `reset` before it. `startedAt`, and why and behind which turn, are set, and `tokens` are none again;
   * all else stays. If it claims a job, it records that the group has the turn. A line that has gone meanwhile gives fewer jobs,
   * or none. Quick.
   *
   * A job that runs alone ends the claim: it is claimed only if `isIdle` and it is the first, and nothing with it; otherwise it
   * is returned as `awaited`. The job `request.awaited` is a first job like any other, and the line follows behind it.
   *
   * *Again:* ask `claimed` what the first call got, and then call with another token.
   */
  claim(request: ClaimRequest, now: number): Promise<Claimed>

  /** The running jobs that have this token, the oldest first. */
  claimed(token: string): Promise<Claim[]>

  /**
   * Fails a queued job that cannot be claimed, so that the jobs behind it can, with INTERNAL_ERROR of @foreman/jobs. Does
   * nothing for a job that is not queued. Durable.
   */
  failBroken(seq: number, ending: Ending): Promise<void>

  /** The group that had the last turn, as `claim` recorded it. */
  turn(): Promise<RecordedTurn | undefined>

  /** What `remember` was given last. */
  memory(): Promise<string | undefined>

  /** Keeps what the active worker has learned for the one that follows it. Quick. */
  remember(memory: string): Promise<void>

  /**
   * Makes delayed jobs ready whose time has come. Quick.
   *
   * @param due.maxDelayMs the longest possible delay: a time further ahead comes from a clock that was set back since
   * @returns when the next delayed job is due
   */
  promoteDue(due: { readonly now: number; readonly maxDelayMs: number }): Promise<number | undefined>

  /**
   * Fails queued jobs that have missed their deadline, delayed ones too, at most 500 in one call, with DEADLINE_EXCEEDED of
   * @foreman/jobs. Durable.
   *
   * @returns the next deadline. It lies in the past when there are more jobs to fail.
   */
  failOverdue(ending: Ending): Promise<number | undefined>
}

/**
 * The verbs of the worker for the jobs that it runs. Each write names the run. When the job is not running under the run's
 * token any more, the write rejects with JobLostError and changes nothing.
 */
export interface Runs {
  /**
   * Appends what the target sent to the log, unchanged: the head if there is one, then the pieces of the body, joined into as few
   * entries of at most 64 KiB as they need. Quick: `finish` makes it durable. What a void attempt has appended stays until the job
   * is deleted, or its answer delivered.
   *
   * *Again:* output of this attempt behind `after` can only be what the first call appended: then nothing is written.
   *
   * @returns the id of the last entry of this run's output: the next `after`
   * @throws JobLostError also when the entry `after` is no longer there: the engine has lost it in a crash. `requeueLost` follows,
   *   because such a crash takes the lock, too
   */
  append(run: Run, output: Output): Promise<number>

  /** Records how many tokens the run has received, with the change `progress`. Quick. *Again:* may log the change twice. */
  progress(run: Run, progress: { readonly tokens: number; readonly now: number }): Promise<void>

  /**
   * Ends the job: its state, its answer, its end event and its webhook message are one unit. `end.output` is appended first, as
   * `append` does. A requested cancellation does not keep it from ending otherwise. Durable for a job that is handed over. The end
   * of another job may be lost in a power cut, as the job itself may be.
   *
   * *Again:* a job that has this run's token and is in the state `end.state` stays as it is.
   *
   * @throws JobLostError also when the entry `end.after` is no longer there
   */
  finish(run: Run, end: Finish, ending: Ending): Promise<void>

  /**
   * Puts the job back into the queue, at its old place, with the change `released`. With `availableAt` it is delayed until
   * `promoteDue`. If its cancellation was requested meanwhile, the job ends as `cancelled` instead, without `provisional`:
   * otherwise the request would be lost with the run. Durable as `finish` is.
   *
   * *Again:* a job that has this run's token and is `queued` or `cancelled` stays as it is.
   */
  release(run: Run, release: Release, ending: Ending): Promise<'queued' | 'cancelled'>

  /** The `seq` of the running jobs whose cancellation was requested. */
  cancelRequests(): Promise<number[]>

  /**
   * Recovers the running jobs of a dead worker. Only the worker that has just taken the lock may call it, because then no other
   * worker runs a job. Each gets the change `lost`, and then ends as `afterLoss` says (`hasOutput`: a piece of a body), or goes
   * back to its old place with the change `released` (`worker_lost`), ready at once. A loss is counted (`lostCount`) only for a
   * job that ran alone, or that was the only running one; the others run alone from then on, for good. A job that cannot be
   * recovered because of what is stored of it fails with INTERNAL_ERROR, or stays as it is, and holds nobody up. Durable, one
   * unit.
   *
   * *Again:* finds nothing that the first call has recovered. What the first call has counted is not known any more.
   */
  requeueLost(ending: Ending): Promise<Recovery>
}

/** The verbs of a process that follows a job. */
export interface JobOutput {
  /** @returns undefined when there is no such job any more */
  view(seq: number): Promise<JobView | undefined>

  /**
   * Reads a job and the next pieces of its output, as they are in one moment: at most 32 pieces, and fewer only if there are no
   * more now (`more`). A running job gives the output of its attempt, an ended job the output of the attempt that is its answer, and a
   * queued job none. If the cursor belongs to another attempt, or to a claim that was lost in a crash (`isSameAttempt`), reading
   * starts at the beginning. An answer that was deleted has no pieces.
   *
   * @returns undefined when there is no such job any more
   */
  read(seq: number, cursor: OutputCursor | undefined): Promise<OutputRead | undefined>
}

/** The verbs of a process that shows jobs. */
export interface Records {
  /** @returns undefined when there is no such job any more */
  bySeq(seq: number): Promise<JobRecord | undefined>

  /** @returns undefined when there is no such job any more, or it is not accepted yet */
  byId(id: string): Promise<JobRecord | undefined>

  /**
   * Lists accepted jobs by falling `seq`, in steps of some milliseconds. A step may have no jobs, and each is a moment of its
   * own. `limit` counts the jobs of all steps.
   */
  list(filter: JobFilter): AsyncIterable<readonly JobRecord[]>

  /**
   * Names accepted jobs by rising `seq`, in steps of some milliseconds: at most 500 in each. Each step is a moment of its own, so
   * that a job counts as it is when its step comes.
   */
  refs(conditions: JobConditions): AsyncIterable<readonly JobRef[]>

  /**
   * Where a list of these conditions ends that looks at so many numbers (`seq`) at the most: the first job among them. Undefined when
   * it may look at all jobs: because no more are left, or because the engine finds those of these conditions without looking at
   * others.
   */
  lookBack(
    numbers: number,
    conditions: JobConditions,
  ): Promise<Pick<JobRecord, 'seq' | 'createdAt'> | undefined>

  /** The lines that have a ready job, and how many. The cost depends on the number of lines and senders, and not of jobs. */
  lineCounts(): Promise<LineCount[]>

  /** The senders that have a ready job in a line, and how many: at most `most` of them. The cost depends on their number. */
  senderCounts(line: Pick<WaitingLine, 'groupKey' | 'priority'>, most: number): Promise<SenderCount[]>

  /** Counts the ready jobs of a line that have an earlier place. Stops at `most`. */
  ahead(asked: Ahead, most: number): Promise<number>

  /** The running jobs, the oldest first. */
  running(): Promise<RunningJob[]>

  /** Counts the queued jobs. May be a second old where counting a million takes long. */
  queued(): Promise<number>

  /** Counts the jobs that have ended and are not deleted yet. */
  ended(): Promise<number>

  /** Counts the queued jobs that miss their deadline by a time, delayed ones too. Stops at `most`. */
  deadlinesUntil(at: number, most: number): Promise<number>

  /** The request of a job. Undefined when it has been deleted. */
  request(seq: number): Promise<KeptRequest | undefined>

  /** The length of a request's body that is in parts. 0 when it is whole or has been deleted. */
  requestBytes(seq: number): Promise<number>

  /** The part with the number `n`, from 0, of a request's body. `wholeBody` reads all of them. */
  requestPart(seq: number, n: number): Promise<Buffer | undefined>

  /** The next entries of a job's log after the entry with the id `after`, at most 32. */
  log(seq: number, after: number): Promise<LogEntry[]>
}

/**
 * The verbs about jobs that were submitted together (`Submissions`). A batch is deleted when the last of its jobs is, and one without
 * jobs after a day. Until then its lines stay, also those of deleted jobs.
 */
export interface Batches {
  /** @returns undefined when there is no such batch, or its jobs are not accepted yet */
  byId(id: string): Promise<BatchRow | undefined>

  /** The batch that a job is part of. */
  ofJob(job: Pick<JobRef, 'seq'>): Promise<BatchRow | undefined>

  /** The newest first. */
  list(filter: BatchFilter): Promise<BatchRow[]>

  /** As they are in one moment. Reads no job. */
  counts(batch: Pick<BatchRow, 'seq'>): Promise<BatchCounts>

  /** The next lines behind the line `after`, at most `limit`. */
  lines(batch: Pick<BatchRow, 'seq'>, after: number, limit: number): Promise<BatchLine[]>

  /** The `seq` of the queued job that came last. Undefined: none is queued. */
  lastQueued(batch: Pick<BatchRow, 'seq'>): Promise<number | undefined>

  /**
   * Records that the cancellation of a batch was requested, if it was not and a job has not ended; and cancels the next of its jobs
   * that have not ended, as `Submissions.cancel` does: at most 500, behind the job `after`. Durable.
   *
   * @returns the `after` of the next call. Undefined: there are no more
   */
  cancel(batch: Pick<BatchRow, 'seq'>, after: number, ending: Ending): Promise<number | undefined>

  /** Notes when the last of its jobs ended, if all have. Quick. @returns that time; undefined when one has not ended */
  noteEnd(batch: Pick<BatchRow, 'seq'>): Promise<number | undefined>
}

/**
 * The verbs about the files with which callers of OpenAI's API make batches. A file that is not whole within ten minutes is deleted, and
 * one that no batch has after a day. One that a batch has goes with the last such batch.
 */
export interface Files {
  /** Begins a file. Nobody finds it before `complete`. Quick. *Again:* an id is one file. @returns its `seq` */
  begin(file: NewFile, now: number): Promise<number>

  /**
   * Adds the part with the number `n`, from 0. Quick. *Again:* a part that is there stays.
   *
   * @throws ArrivalLostError when the file is gone
   */
  addPart(file: Pick<FileRow, 'seq'>, n: number, bytes: Buffer): Promise<void>

  /**
   * Durable.
   *
   * @throws ArrivalLostError when the file is gone, or a part of it
   */
  complete(file: Pick<FileRow, 'seq'>, whole: { parts: number; bytes: number }, now: number): Promise<void>

  /** @returns undefined when there is no such file, or not all of it is there */
  byId(id: string): Promise<FileRow | undefined>

  /** The newest first. */
  list(filter: NewestFirst): Promise<FileRow[]>

  /** The part with the number `n`, from 0. Undefined: the file has no more, or is gone. */
  part(file: Pick<FileRow, 'seq'>, n: number): Promise<Buffer | undefined>

  /** Deletes a file, also if a batch has it. Durable. */
  remove(file: Pick<FileRow, 'seq'>): Promise<void>
}

/** The verbs of a process that sends webhook messages, and of one that shows them. */
export interface Deliveries {
  /**
   * The backlogs behind this one, by host and caller in an order of the engine's own, at most `limit` of them, also those of
   * which nothing is due yet. The cost does not depend on how many messages each has.
   *
   * @param asked.after undefined: from the first one on
   */
  backlogs(asked: {
    readonly after: Pick<Backlog, 'host' | 'caller'> | undefined
    readonly limit: number
  }): Promise<Backlog[]>

  /** The first `limit` messages of a backlog that are due, by their times, and then by `seq`. */
  due(
    asked: Pick<Backlog, 'host' | 'caller'> & { readonly now: number; readonly limit: number },
  ): Promise<DueDelivery[]>

  /**
   * Makes messages due now that were scheduled before the clock was set back: whose time was set at a moment more than a minute
   * ahead of `now`. At most 500 in one call. Quick.
   *
   * @returns how many
   */
  reschedule(now: number): Promise<number>

  /**
   * Records an attempt and what follows from it. `again` counts a failure. `gone` ends all pending messages of this caller to
   * exactly this URL as `dead`, and records that its receiver is gone for the jobs that there are now: no message to it is
   * written for a job with a lower or equal `seq`. A message that has ended meanwhile keeps its state and failures, and of one
   * that is deleted nothing is recorded. The attempt is counted (`TALLIES.webhookAttempts`), and so are the messages that it ends
   * (`webhooksFinished`). Quick: a message whose record is lost is sent again under the same id.
   *
   * *Again:* an attempt at this message that began at this time is recorded once, with what followed.
   */
  record(recorded: {
    readonly delivery: Pick<Delivery, 'seq' | 'id' | 'url' | 'caller'>
    readonly attempt: DeliveryAttempt
    readonly result: DeliveryResult
    readonly now: number
  }): Promise<void>

  byId(id: string): Promise<Delivery | undefined>

  /** The messages of a job, oldest first, in steps of a few milliseconds. */
  ofJob(jobSeq: number): AsyncIterable<readonly Delivery[]>

  /** Lists messages of accepted jobs by falling `seq`, in steps of some milliseconds, as `Records.list` does. */
  list(filter: DeliveryConditions & { readonly limit: number }): AsyncIterable<readonly ListedDelivery[]>

  /** Names messages of accepted jobs by rising `seq`, in steps of some milliseconds, as `Records.refs` does. */
  refs(conditions: DeliveryConditions): AsyncIterable<readonly Pick<Delivery, 'seq'>[]>

  /** Where a look at the last so many numbers (`seq`) ends, before the message `before`. Undefined: it reaches all older ones. */
  lookBack(numbers: number, before?: number): Promise<Pick<Delivery, 'seq' | 'createdAt'> | undefined>

  /** The attempts at these messages, in the order in which they were recorded. */
  attempts(seqs: readonly number[]): Promise<(DeliveryAttempt & { readonly deliverySeq: number })[]>

  /** Makes a message pending and due under its old id, whatever its state, without failures. Its attempts stay. Durable. */
  redeliver(delivery: Pick<Delivery, 'seq'>, now: number): Promise<void>
}

/** The verbs about the status of the target. */
export interface Target {
  /** The status of the target, as the worker recorded it last. In a new store: `unknown`, since 0. */
  read(): Promise<TargetRow>

  /** Records what the worker has found out about the target. What the change does not name stays. Quick. */
  note(change: Partial<Omit<TargetRow, 'suspectedAt'>>): Promise<void>

  /** Asks the worker to check whether the target is there: sets `suspectedAt`, which nobody takes back. Quick. */
  suspect(now: number): Promise<void>
}

/** The verbs about the models and the metadata that the worker last polled from the target. All writes are quick. */
export interface Catalogue {
  /** The model with this canonical name. */
  model(name: string): Promise<ModelRow | undefined>

  /** The first `limit` models in the order of their names. */
  list(limit: number): Promise<ModelRow[]>

  /** Replaces the list of models. Keeps what is known of how a manifest loads, if a model still has it. */
  replaceModels(models: readonly Omit<ModelRow, 'loading'>[]): Promise<void>

  /** The models without `capabilities` in `loading`: the target was not asked yet, or not since `forgetCapabilities`. */
  unasked(): Promise<ModelRow[]>

  /** Forgets what the models can do (`capabilities` in `loading`), because another version of the target may think otherwise. */
  forgetCapabilities(): Promise<void>

  /** Records what the target says about a manifest: how it loads, and its `capabilities`. Without a model of it, nothing is kept. */
  noteLoading(digest: string, loading: Loading): Promise<void>

  /** The last answer of a metadata route. Undefined when there is none, or what is stored is damaged. */
  snapshot(path: string): Promise<Snapshot | undefined>

  /** Records the answer of a metadata route, in place of the one before. */
  keepSnapshot(path: string, snapshot: Snapshot): Promise<void>
}

/** The verbs about worker processes, active or on standby. All writes are quick. */
export interface Workers {
  /**
   * Records that this worker is alive, whether it is active, and what it says of itself. Removes any other row that says active: its
   * worker is dead.
   */
  heartbeat(worker: Omit<WorkerRow, 'heartbeatAt'>, now: number, figures?: ProcessFigures): Promise<void>

  /** Deletes the row of a worker that stops. */
  leave(id: string): Promise<void>

  /** Deletes the rows of workers that died without leaving: their last heartbeats are more than a minute from now. */
  forgetStale(now: number): Promise<void>

  /** The worker whose row says active, however old its heartbeat. Undefined when there is none. */
  active(): Promise<WorkerRow | undefined>
}

/** The verbs about gateway processes and the jobs whose callers wait on their connections. */
export interface Gateways {
  /** Records that this gateway is alive, and what it says of itself: adds 1 to its heartbeats, from 0. Quick. *Again:* may count twice. */
  heartbeat(id: string, beat?: GatewayBeat): Promise<void>

  /**
   * Deletes the row of a gateway that stops, and lets its jobs go: they run to their end without their callers. Its running
   * operations end (`Operations.begin`). Durable.
   */
  leave(id: string, now: number): Promise<void>

  /**
   * How many heartbeats each gateway has written, also one that has only jobs, or running operations: 0. The row of such a gateway was deleted, or
   * could not be written so far.
   */
  heartbeats(): Promise<ReadonlyMap<string, number>>

  /**
   * Cancels jobs whose callers waited at a gateway that has died, the oldest first, at most `limit` of them, as
   * `submissions.cancel` does, and ends its running operations (`Operations.begin`). Those jobs that are part of an arrival, or whose cancellation was requested already, stay. A call that
   * finds none, and no job of the gateway that has not ended, deletes its row. A job that cannot be cancelled because of what is
   * stored of it holds nobody up. Durable.
   *
   * @returns how many were cancelled or requested to be, whether there may be more, and what went wrong with single jobs
   */
  clearUpAfter(
    id: string,
    clearing: Ending & { readonly limit: number },
  ): Promise<{ readonly cancelled: number; readonly more: boolean; readonly broken: readonly Error[] }>
}

/** The verb that keeps the store small. */
export interface Upkeep {
  /**
   * Does a part of what there is to do, in some milliseconds: deletes jobs that have expired, with all that belongs to them
   * (one with a pending message of the last three days expires an hour later); request and output of jobs whose callers have
   * their answers, without the rows and their events; what was written of arrivals that were given up; batches without jobs, and
   * files that nobody needs (`Batches`, `Files`); and gives free space back. Each part is a unit of its own, and one that fails does not keep the others from being done. Quick.
   *
   * @returns whether there is more to do now, how many expired jobs were deleted, and what went wrong with single parts
   */
  step(
    now: number,
  ): Promise<{ readonly more: boolean; readonly expired: number; readonly failed: readonly Error[] }>
}

/** Locks that an engine drops when the process that has them dies, however it dies. */
export interface Locks {
  /**
   * Takes the lock of the active worker, without waiting. Also a process that has it already does not get it once more.
   *
   * @param onLost called once if this process loses the lock without giving it back, before another one can have recovered its
   *   jobs. What it runs then is no longer its own
   * @returns undefined when another process has it. When it rejects, this process does not have it
   */
  take(name: 'worker', onLost: () => void): Promise<Lock | undefined>
}

/** How a process learns that others have changed something. */
export interface Changes {
  /**
   * Calls `listener` after each write of another process that may concern it, within milliseconds, and within a second at the
   * worst, until the returned function is called. `work`: a job became ready, a cancellation was requested, the target was
   * suspected, a message became due. `log`: there are new entries in the logs of jobs. Writes in quick succession may be told
   * once, writes of this process may be told too, and a write may be told twice; none is missed that follows the call.
   *
   * @param listener gets the `seq` of the jobs that changed, or `all` when the engine does not know. It must not throw
   */
  listen(topic: 'work' | 'log', listener: (jobs: ReadonlySet<number> | 'all') => void): () => void
}
