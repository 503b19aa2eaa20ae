import type { ProcessFigures, ProcessRow } from '../values.ts'
import type { Connection } from './connection.ts'
import { sql } from './drizzle.ts'

/** What both tables of processes have in common. */
export const figurePlaceholders = {
  version: sql.placeholder('version'),
  residentBytes: sql.placeholder('residentBytes'),
  cpuMs: sql.placeholder('cpuMs'),
  loopLagMs: sql.placeholder('loopLagMs'),
  settings: sql.placeholder('settings'),
}

export const figuresExcluded = {
  version: sql`excluded.version`,
  residentBytes: sql`excluded.resident_bytes`,
  cpuMs: sql`excluded.cpu_ms`,
  loopLagMs: sql`excluded.loop_lag_ms`,
  settings: sql`excluded.settings`,
}

export const NO_FIGURES: Readonly<Record<keyof ProcessFigures, null>> = {
  version: null,
  residentBytes: null,
  cpuMs: null,
  loopLagMs: null,
  settings: null,
}

type StoredProcess = Omit<ProcessRow, 'active' | 'figures'> &
  (ProcessFigures | typeof NO_FIGURES) & { readonly active: number }

export const prepareProcesses = ({ sqlite }: Connection) => {
  const figures = `started_at AS startedAt, heartbeat_at AS heartbeatAt, version, resident_bytes AS residentBytes,
    cpu_ms AS cpuMs, loop_lag_ms AS loopLagMs, settings`
  const select = sqlite.prepare(
    `SELECT 'gateway' AS kind, id, NULL AS pid, 1 AS active, ${figures} FROM gateways
     UNION ALL SELECT 'worker', id, pid, active, ${figures} FROM workers ORDER BY startedAt, id`,
  )
  return (): ProcessRow[] =>
    (select.all() as StoredProcess[]).map(({ kind, id, pid, active, startedAt, heartbeatAt, ...said }) => ({
      kind,
      id,
      pid,
      active: active === 1,
      startedAt,
      heartbeatAt,
      figures: said.version === null ? null : said,
    }))
}
