import type { Hold } from './steering.ts'
import type { Why } from './wire.ts'

/** Who somebody is to foreman. */
export interface QueueYou {
  /** Under which its jobs are submitted. */
  name: string
  role: 'caller' | 'viewer' | 'operator'
  /** Whether anybody needs a token. */
  has_tokens: boolean
  /** What the page at `/dashboard` may do. Missing: there is none. */
  dashboard?: 'on' | 'read-only'
}

/**
 * The state of the queue and of its target. Times are RFC 3339, durations integers in milliseconds. What has no value is left out.
 * The shape only grows.
 */
export interface QueueSnapshot {
  at: string
  version: string
  /** `closed`: takes nothing. `away`: the target or the worker is. */
  state: 'running' | 'paused' | 'closed' | 'away'
  accepting: boolean
  /** What operators hold back. A caller sees what concerns it. */
  holds: Hold[]
  health: { degraded: boolean; reasons: string[] }
  /** All that wait, with those that wait for their next attempt (`delayed`). */
  queued: number
  running: number
  delayed: number
  oldest_wait_ms?: number
  targets: TargetSnapshot[]
  groups: GroupSnapshot[]
  callers: CallerSnapshot[]
  /** The last hour. */
  hour: HourSnapshot
  /** Since foreman counts in this file. */
  ever: EverSnapshot
  webhooks?: { pending: number; oldest_ms?: number; dead_day: number }
  storage?: StorageSnapshot
}

/** The queue file, and the disk that it is on. */
export interface StorageSnapshot {
  file_bytes: number
  used_bytes: number
  wal_bytes: number
  disk_free_bytes: number
  /** When the newest backup was made. */
  last_backup_at?: string
}

export interface TargetSnapshot {
  name: string
  state: 'unknown' | 'up' | 'away'
  since: string
  reason?: string
  ollama_version?: string
  /** How many jobs of one model run at a time. */
  slots: number
  resident: ResidentSnapshot[]
  turn?: TurnSnapshot
  in_flight: InFlightSnapshot[]
  next?: { group: string; models: string[]; at: string; load_ms?: number }
}

/** A model in the target's memory, once for each group of jobs that it serves without a load. */
export interface ResidentSnapshot {
  model: string
  /** Left out: no job of the queue is known that it would serve. */
  group?: string
  /** What the model takes, with all its groups. */
  memory_bytes?: number
  /** When it leaves if nobody asks for it. */
  expires_at?: string
}

export interface TurnSnapshot {
  group: string
  models: string[]
  reason: string
  since: string
  load_ms?: number
  jobs_done: number
  jobs_left: number
  /** When another model takes its turn at the latest, because it has waited for its bound. */
  must_yield_at?: string
  /** Until when the target stands still for a caller who is likely to come back. */
  expects?: { until: string }
}

export interface InFlightSnapshot {
  job: string
  model: string
  caller: string
  /** `loading`: no byte of the turn's first job has come. `prompt`: none of this one has. */
  phase: 'loading' | 'prompt' | 'generating'
  started_at: string
  waited_ms: number
  tokens?: number
  tokens_per_second?: number
}

export interface GroupSnapshot {
  group: string
  models: string[]
  load_options?: Record<string, unknown>
  queued: { high: number; normal: number; low: number }
  oldest_wait_ms: number
  /** How long a load of it takes, and one of its jobs. */
  load_ms?: number
  job_ms?: number
  starts_in_ms?: number
  starts_at_latest?: string
  why: Why
}

export interface CallerSnapshot {
  /** Of the others together, as a caller sees them, it is `others`. */
  caller: string
  queued?: number
  running: number
  hour: { jobs: number; tokens: number; target_ms: number; share: number }
}

export interface HourSnapshot {
  succeeded: number
  failed: number
  cancelled: number
  input_tokens: number
  output_tokens: number
  loads: number
  /** What the order of arrival would have needed. */
  loads_in_arrival_order: number
  load_ms: number
  load_ms_saved: number
  busy_ms: number
}

export interface EverSnapshot {
  since: string
  jobs: number
  loads: number
  loads_in_arrival_order: number
  load_ms_saved: number
}

/** Which model had its turn when, and when none could. Times are RFC 3339. */
export interface Timeline {
  from: string
  until: string
  turns: TimelineTurn[]
  phases: { target: string; kind: string; detail?: string; from: string; until?: string }[]
  /** Whether earlier turns of this time are left out. */
  is_cut: boolean
}

export interface TimelineTurn {
  target: string
  group: string
  models: string[]
  reason: string
  from: string
  loaded_at?: string
  load_ms?: number
  /** When it ended; of the last one, when its last job did. */
  until?: string
  end?: string
  jobs: number
  tokens: number
  busy_ms: number
}

/**
 * What the order of arrival would have done with the jobs that were accepted in a time, and have run. Times are RFC 3339, durations
 * in milliseconds.
 */
export interface ArrivalOrder {
  /** Of a time with too many jobs, when the first of those that count was accepted. */
  from: string
  until: string
  jobs: number
  /** Whether earlier jobs of this time are left out. */
  is_cut: boolean
  /** When the last job would have ended. */
  ended_at?: string
  loads: number
  load_ms: number
  turns: ArrivalOrderTurn[]
  /** What really happened with these jobs. */
  actual: { loads: number; load_ms: number }
}

export interface ArrivalOrderTurn {
  group: string
  models: string[]
  from: string
  loaded_at?: string
  load_ms?: number
  until: string
  jobs: number
}

/** What happened, in steps of time. */
export interface QueueHistory {
  step_ms: number
  /** Since when foreman counts. Before that there is nothing. */
  counting_since: string
  steps: HistoryStep[]
}

export interface HistoryStep {
  at: string
  succeeded: number
  failed: number
  cancelled: number
  input_tokens: number
  output_tokens: number
  busy_ms: number
  loads: number
  load_ms: number
  loads_in_arrival_order: number
  load_ms_in_arrival_order: number
  queued?: number
  running?: number
  oldest_wait_ms?: number
  callers: { caller: string; jobs: number; tokens: number; target_ms: number }[]
}

/** What is known of each model since foreman counts. */
export interface QueueModels {
  models: ModelFigures[]
}

export interface ModelFigures {
  model: string
  jobs: number
  loads: number
  /** All loads of it together. */
  load_ms: number
  /** How long jobs waited: half of them for less, and all but a twentieth. The upper bound of a bucket. */
  wait_p50_ms?: number
  wait_p95_ms?: number
  /** Of the text that it has generated. */
  tokens_per_second?: number
  input_tokens: number
  output_tokens: number
  queued: number
  running: number
}

/** A job that has changed its state. */
export interface JobNews {
  job: string
  state: string
  model: string
  caller: string
  at: string
}

/** What an operator did. */
export interface OperationNews {
  id: number
  at: string
  by: string
  action: string
  subject?: string
  reason?: string
}

/** An event of `/queue/events`. */
export type QueueEvent =
  /** Something has changed: the whole state. */
  | { event: 'queue'; data: QueueSnapshot }
  | { event: 'job'; data: JobNews }
  /** How many more jobs have changed their state. */
  | { event: 'skipped'; data: { jobs: number } }
  | { event: 'operation'; data: OperationNews }
