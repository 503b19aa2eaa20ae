import { priorities, type Priority, type WebhookEvent } from '@foreman/jobs'
import type { JobRecord, Submitted } from '../../values.ts'

/** What a job is submitted with. */
export interface Given {
  readonly group: string
  readonly streaming: boolean
  readonly webhook: { url: string; events: readonly WebhookEvent[] } | undefined
  readonly key: string | null
  readonly hash: string | null
  readonly priority: Priority
  readonly deadlineAt?: number | undefined
  readonly retryOf?: string
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A job as it should be, computed from the rules and not by the store's code. */
export interface ExpectedJob {
  readonly group: string
  readonly webhook: Given['webhook']
  readonly hash: string | null
  /** What must be seen of it. */
  readonly record: Writable<
    Omit<JobRecord, 'model' | 'modelName' | 'loadOptions' | 'path' | 'endpoint' | 'errorMessage' | 'turn'>
  >
  /** The token of its last claim. */
  token: string | null
  /** The types of its changes so far. */
  readonly events: string[]
  /** Whether the running attempt has brought a part of a body. */
  hasOutput: boolean
}

export const expectedJob = ({ seq, id }: Submitted, given: Given, now: number): ExpectedJob => ({
  group: given.group,
  webhook: given.webhook,
  hash: given.hash,
  record: {
    seq,
    place: seq,
    id,
    groupKey: given.group,
    streaming: given.streaming,
    caller: 'default',
    account: '',
    sender: '',
    createdAt: now,
    priority: priorities.indexOf(given.priority),
    deadlineAt: given.deadlineAt ?? null,
    retryOf: given.retryOf ?? null,
    idempotencyKey: given.key,
    state: 'queued',
    attempt: 0,
    failedAttempts: 0,
    lostCount: 0,
    runsAlone: false,
    availableAt: null,
    cancelRequestedAt: null,
    answerAttempt: null,
    errorCode: null,
    statusCode: null,
    startedAt: null,
    startReason: null,
    behindModel: null,
    behindSince: null,
    finishedAt: null,
    expiresAt: null,
    bytesExpireAt: null,
    tokens: null,
    promptTokens: null,
    completionTokens: null,
    loadMs: null,
    promptMs: null,
    generateMs: null,
    firstByteAt: null,
    batch: null,
    maxAttempts: null,
    metadata: null,
  },
  token: null,
  events: ['queued'],
  hasOutput: false,
})

/** Whether the key of a job is free for another one. */
export const hasLetGo = ({ record: { state, statusCode } }: ExpectedJob): boolean =>
  state === 'cancelled' || (state === 'failed' && [null, 429, 503].includes(statusCode))

/** What is compared of a job's record. The rest is what the job was submitted with, and is the same for all jobs; turns have tests of their own. */
export const seenOf = ({
  model: _model,
  modelName: _modelName,
  loadOptions: _loadOptions,
  path: _path,
  endpoint: _endpoint,
  errorMessage: _errorMessage,
  turn: _turn,
  ...record
}: JobRecord): ExpectedJob['record'] => record
