import { shownModel, time } from '@foreman/job-view'
import type { QueueSystem, SystemProcess, SystemSetting, SystemWindows } from '@foreman/jobs'
import type { ShownSetting } from '@foreman/process'
import { differingSettings } from '@foreman/process/shared-settings'
import { formatWindows, Openings } from '@foreman/scheduling'
import type { ProcessRow, SchedulingRules, StoreReader } from '@foreman/store'
import type { QueueFacts } from './facts.ts'
import { storageOf } from './snapshot.ts'

/** What the gateway knows, and not the file. */
export interface SystemAsked {
  readonly settings: readonly ShownSetting[]
  /** `printsOfShared` of this gateway. */
  readonly prints: string
  readonly targetUrl: string
}

/** What foreman runs on. */
export const systemOf = async (
  { overview }: Pick<StoreReader, 'overview'>,
  facts: QueueFacts,
  { settings, prints, targetUrl }: SystemAsked,
): Promise<QueueSystem> => {
  const [rows, schema] = await Promise.all([overview.processes(), overview.schema()])
  const processes = rows.map(row => processOf(row, prints))
  const differing = new Set(processes.flatMap(({ differing_settings = [] }) => differing_settings))
  const windows = windowsOf(facts)
  return {
    processes,
    settings: settings.map(each => settingOf(each, differing)),
    ...(windows && { windows }),
    storage: { schema, ...storageOf(facts) },
    target: {
      name: 'default',
      url: targetUrl,
      ...(facts.ollamaVersion !== undefined && { ollama_version: facts.ollamaVersion }),
    },
  }
}

const processOf = (
  { kind, id, active, startedAt, heartbeatAt, figures }: ProcessRow,
  prints: string,
): SystemProcess => {
  const differing = figures ? differingSettings(prints, figures.settings) : []
  return {
    kind,
    id,
    ...(figures && { version: figures.version }),
    ...(startedAt !== null && { started_at: time(startedAt) }),
    ...(heartbeatAt !== null && { seen_at: time(heartbeatAt) }),
    ...(kind === 'worker' && { is_active: active, standby: !active }),
    ...(figures && {
      resident_bytes: figures.residentBytes,
      cpu_seconds: figures.cpuMs / 1_000,
      event_loop_p99_ms: figures.loopLagMs,
      same_settings: differing.length === 0,
    }),
    ...(differing.length > 0 && { differing_settings: differing }),
  }
}

const settingOf = (
  { name, isSet, isSecret, text }: ShownSetting,
  differing: ReadonlySet<string>,
): SystemSetting => ({
  name,
  ...(text !== undefined && { value: text }),
  is_set: isSet,
  ...(isSecret && { is_secret: true }),
  ...(differing.has(name) && { differs: true }),
})

const windowsOf = ({ at, target }: QueueFacts): SystemWindows | undefined => {
  const { windows = [], timeZone = 'UTC' }: Partial<SchedulingRules> = target.rules ?? {}
  if (windows.length === 0) return undefined
  const named = windows.map(window =>
    window.kind === 'model' ? { ...window, subject: shownModel(window.subject) } : window,
  )
  return {
    rule: formatWindows(named),
    timezone: timeZone,
    open: new Openings(named, timeZone).classesAt(at).map(({ kind, subject, isOpen, changesAt }) => ({
      kind,
      subject,
      is_open: isOpen,
      ...(changesAt !== undefined && { changes_at: time(changesAt) }),
    })),
  }
}
