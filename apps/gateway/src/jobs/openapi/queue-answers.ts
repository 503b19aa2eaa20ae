import type * as resource from '@foreman/jobs'
import { z } from 'zod'
import { JobId, Time, Why } from './answers.ts'
import { Hold } from './steering-answers.ts'

/** What the routes of the queue answer. No schema is closed, because objects may get more members. */

const count = z.int().min(0)
const ms = z.number().min(0).meta({ description: 'In milliseconds' })

type Fields<T> = Record<keyof T, z.ZodType>

const group = z
  .string()
  .meta({ description: 'A short name of the group. Its models and options say what it is' })
const models = z.array(z.string()).meta({ description: 'The names of its models' })

export const QueueYou = z.object({
  name: z.string().meta({ description: 'Under which your jobs are submitted' }),
  role: z.enum(['caller', 'viewer', 'operator']),
  has_tokens: z.boolean().meta({ description: 'Whether anybody needs a token' }),
  dashboard: z
    .enum(['on', 'read-only'])
    .exactOptional()
    .meta({ description: 'What the page at `/dashboard` may do. Missing: there is none' }),
} satisfies Fields<resource.QueueYou>)

const TurnSnapshot = z.object({
  group,
  models,
  reason: z.string().meta({ description: 'Why it began' }),
  since: Time,
  load_ms: ms.exactOptional(),
  jobs_done: count,
  jobs_left: count,
  must_yield_at: Time.exactOptional().meta({
    description: 'When another model takes its turn at the latest, because it has waited for its bound',
  }),
  expects: z
    .object({ until: Time })
    .exactOptional()
    .meta({ description: 'The target stands still for a caller who is likely to come back' }),
} satisfies Fields<resource.TurnSnapshot>)

const InFlight = z.object({
  job: JobId,
  model: z.string(),
  caller: z.string(),
  phase: z.enum(['loading', 'prompt', 'generating']),
  started_at: Time,
  waited_ms: ms,
  tokens: count.exactOptional(),
  tokens_per_second: z.number().min(0).exactOptional(),
} satisfies Fields<resource.InFlightSnapshot>)

const ResidentSnapshot = z.object({
  model: z.string(),
  group: group.exactOptional(),
  memory_bytes: count.exactOptional().meta({ description: 'What the model takes, with all its groups' }),
  expires_at: Time.exactOptional().meta({ description: 'When it leaves if nobody asks for it' }),
} satisfies Fields<resource.ResidentSnapshot>)

const TargetSnapshot = z.object({
  name: z.string(),
  state: z.enum(['unknown', 'up', 'away']),
  since: Time,
  reason: z.string().exactOptional(),
  ollama_version: z.string().exactOptional(),
  slots: z.int().min(1).meta({ description: 'How many jobs of one model run at a time' }),
  resident: z.array(ResidentSnapshot).meta({
    description: 'What is in its memory: each model, once for each group that it can serve without a load',
  }),
  turn: TurnSnapshot.exactOptional(),
  in_flight: z.array(InFlight).meta({ description: 'The jobs that run. A caller sees its own' }),
  next: z
    .object({ group, models, at: Time, load_ms: ms.exactOptional() })
    .exactOptional()
    .meta({ description: 'Which group is likely to get the next turn, and when' }),
} satisfies Fields<resource.TargetSnapshot>)

const GroupSnapshot = z.object({
  group,
  models,
  load_options: z.record(z.string(), z.unknown()).exactOptional().meta({
    description: 'What its oldest job says about how the model is loaded',
  }),
  queued: z.object({ high: count, normal: count, low: count }),
  oldest_wait_ms: ms,
  load_ms: ms.exactOptional().meta({ description: 'How long a load of it takes, as measured' }),
  job_ms: ms.exactOptional().meta({ description: 'How long one of its jobs takes, as measured' }),
  starts_in_ms: ms.exactOptional(),
  starts_at_latest: Time.exactOptional(),
  why: Why,
} satisfies Fields<resource.GroupSnapshot>)

const CallerSnapshot = z.object({
  caller: z.string().meta({ description: 'A caller sees the others together, as `others`' }),
  queued: count.exactOptional(),
  running: count,
  hour: z.object({ jobs: count, tokens: count, target_ms: ms, share: z.number().min(0).max(1.001) }),
} satisfies Fields<resource.CallerSnapshot>)

const storage = {
  file_bytes: count,
  used_bytes: count,
  wal_bytes: count,
  disk_free_bytes: count,
  last_backup_at: Time.exactOptional().meta({ description: 'When the newest backup was made' }),
} satisfies Fields<resource.StorageSnapshot>

/** Every field can be left out by `fields`, and some are seen only by those who see everything. */
export const QueueSnapshot = z
  .object({
    at: Time,
    version: z.string(),
    state: z.enum(['running', 'paused', 'closed', 'away']),
    accepting: z.boolean(),
    holds: z.array(Hold),
    health: z.object({ degraded: z.boolean(), reasons: z.array(z.string()) }),
    queued: count,
    running: count,
    delayed: count.meta({
      description: 'How many of the queued jobs wait for the time of their next attempt',
    }),
    oldest_wait_ms: ms,
    targets: z.array(TargetSnapshot),
    groups: z
      .array(GroupSnapshot)
      .meta({ description: 'The line: who waits for what. A caller sees its own groups' }),
    callers: z.array(CallerSnapshot),
    hour: z.object({
      succeeded: count,
      failed: count,
      cancelled: count,
      input_tokens: count,
      output_tokens: count,
      loads: count,
      loads_in_arrival_order: count,
      load_ms: ms,
      load_ms_saved: z.number(),
      busy_ms: ms,
    } satisfies Fields<resource.HourSnapshot>),
    ever: z.object({
      since: Time,
      jobs: count,
      loads: count,
      loads_in_arrival_order: count,
      load_ms_saved: z.number(),
    } satisfies Fields<resource.EverSnapshot>),
    webhooks: z.object({ pending: count, oldest_ms: ms.exactOptional(), dead_day: count }),
    storage: z.object(storage),
  } satisfies Fields<resource.QueueSnapshot>)
  .partial()

const SystemProcess = z.object({
  kind: z.enum(['gateway', 'worker']),
  id: z.string(),
  version: z.string().exactOptional(),
  started_at: Time.exactOptional(),
  seen_at: Time.exactOptional().meta({ description: 'Its last heartbeat' }),
  is_active: z.boolean().exactOptional().meta({ description: 'Of a worker: whether it runs jobs' }),
  standby: z
    .boolean()
    .exactOptional()
    .meta({ description: 'Of a worker: whether it takes over when the active one is gone' }),
  resident_bytes: count.exactOptional(),
  cpu_seconds: z.number().min(0).exactOptional(),
  event_loop_p99_ms: ms.exactOptional(),
  same_settings: z.boolean().exactOptional().meta({
    description: 'Whether it has the same values as this gateway of the settings that all must share',
  }),
  differing_settings: z.array(z.string()).exactOptional(),
} satisfies Fields<resource.SystemProcess>)

const SystemSetting = z.object({
  name: z.string(),
  value: z
    .string()
    .exactOptional()
    .meta({ description: 'As a user would type it. Left out: it has none, or is a secret' }),
  is_set: z.boolean().meta({ description: 'Otherwise its default is in force' }),
  is_secret: z.literal(true).exactOptional(),
  differs: z.literal(true).exactOptional().meta({ description: 'Another process has another value' }),
} satisfies Fields<resource.SystemSetting>)

const SystemWindows = z.object({
  rule: z.string().meta({ description: 'As in FOREMAN_WINDOWS' }),
  timezone: z.string(),
  open: z.array(
    z.object({
      kind: z.enum(['priority', 'model']),
      subject: z.string(),
      is_open: z.boolean(),
      changes_at: Time.exactOptional(),
    } satisfies Fields<resource.SystemWindow>),
  ),
} satisfies Fields<resource.SystemWindows>)

export const QueueSystem = z.object({
  processes: z.array(SystemProcess),
  settings: z.array(SystemSetting),
  windows: SystemWindows.exactOptional(),
  storage: z.object({ schema: z.string(), ...storage }),
  target: z.object({ name: z.string(), url: z.string(), ollama_version: z.string().exactOptional() }),
} satisfies Fields<resource.QueueSystem>)

export const Timeline = z.object({
  from: Time,
  until: Time,
  turns: z.array(
    z.object({
      target: z.string(),
      group,
      models,
      reason: z.string(),
      from: Time,
      loaded_at: Time.exactOptional(),
      load_ms: ms.exactOptional(),
      until: Time.exactOptional(),
      end: z.string().exactOptional(),
      jobs: count,
      tokens: count,
      busy_ms: ms,
    }),
  ),
  phases: z.array(
    z.object({
      target: z.string(),
      kind: z.enum(['away', 'silent', 'paused', 'closed', 'worker_away']),
      detail: z.string().exactOptional(),
      from: Time,
      until: Time.exactOptional(),
    }),
  ),
  is_cut: z.boolean().meta({ description: 'Whether earlier turns of this time are left out' }),
})

export const ArrivalOrder = z.object({
  from: Time.meta({ description: 'Where jobs are left out, when the first of the others was accepted' }),
  until: Time,
  jobs: count,
  is_cut: z.boolean().meta({ description: 'Whether earlier jobs of this time are left out' }),
  ended_at: Time.exactOptional().meta({ description: 'When the last job would have ended' }),
  loads: count,
  load_ms: ms,
  turns: z.array(
    z.object({
      group,
      models,
      from: Time,
      loaded_at: Time.exactOptional(),
      load_ms: ms.exactOptional(),
      until: Time,
      jobs: count,
    } satisfies Fields<resource.ArrivalOrderTurn>),
  ),
  actual: z
    .object({ loads: count, load_ms: ms })
    .meta({ description: 'What really happened with these jobs' }),
} satisfies Fields<resource.ArrivalOrder>)

export const QueueHistory = z.object({
  step_ms: ms,
  counting_since: Time,
  steps: z.array(
    z.object({
      at: Time,
      succeeded: count,
      failed: count,
      cancelled: count,
      input_tokens: count,
      output_tokens: count,
      busy_ms: ms,
      loads: count,
      load_ms: ms,
      loads_in_arrival_order: count,
      load_ms_in_arrival_order: ms,
      queued: count.exactOptional(),
      running: count.exactOptional(),
      oldest_wait_ms: ms.exactOptional(),
      callers: z.array(z.object({ caller: z.string(), jobs: count, tokens: count, target_ms: ms })),
    }),
  ),
})

export const QueueModels = z.object({
  models: z.array(
    z.object({
      model: z.string(),
      jobs: count,
      loads: count,
      load_ms: ms,
      wait_p50_ms: ms.exactOptional(),
      wait_p95_ms: ms.exactOptional(),
      tokens_per_second: z.number().exactOptional(),
      input_tokens: count,
      output_tokens: count,
      queued: count,
      running: count,
    }),
  ),
})
