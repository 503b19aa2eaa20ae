import type { StorageSnapshot } from './queue.ts'

/**
 * What foreman runs on: its processes, its settings, its file and its target. Times are RFC 3339. What has no value is left out. The
 * shape only grows.
 */
export interface QueueSystem {
  processes: SystemProcess[]
  /** Those of the gateway that answers. */
  settings: SystemSetting[]
  /** Left out: there are none. */
  windows?: SystemWindows
  storage: StorageSnapshot & {
    /** The version of the layout of the file. */
    schema: string
  }
  target: { name: string; url: string; ollama_version?: string }
}

/** A process on the queue. One that has died is there for a minute. */
export interface SystemProcess {
  kind: 'gateway' | 'worker'
  id: string
  version?: string
  started_at?: string
  /** Its last heartbeat. */
  seen_at?: string
  /** Of a worker: whether it runs jobs, or takes over when the one that does is gone. */
  is_active?: boolean
  standby?: boolean
  resident_bytes?: number
  cpu_seconds?: number
  /** How late its event loop was, but for one time in a hundred. */
  event_loop_p99_ms?: number
  /** Whether it has the same values as this gateway of the settings that all processes must share. */
  same_settings?: boolean
  /** Those of which it has other values. */
  differing_settings?: string[]
}

export interface SystemSetting {
  /** `FOREMAN_…` */
  name: string
  /** As a user would type it. Left out: it has none, or is a secret. */
  value?: string
  /** Whether somebody has given it a value. Otherwise its default is in force. */
  is_set: boolean
  is_secret?: true
  /** Another process has another value, although all must share it. */
  differs?: true
}

/** The hours in which jobs of a class start, as the active worker has them. */
export interface SystemWindows {
  /** As in `FOREMAN_WINDOWS`. */
  rule: string
  timezone: string
  open: SystemWindow[]
}

export interface SystemWindow {
  kind: 'priority' | 'model'
  subject: string
  /** By its windows: what an operator holds or lets through is not in it. */
  is_open: boolean
  changes_at?: string
}
