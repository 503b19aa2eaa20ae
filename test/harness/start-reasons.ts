import Database from 'better-sqlite3'

/** Why each job was started when it was, in the order in which they were started. */
export const startReasons = (dbPath: string): unknown[] => {
  const db = new Database(dbPath, { readonly: true })
  const rows = db
    .prepare(`SELECT bytes FROM job_log WHERE kind = 'event' ORDER BY id`)
    .pluck()
    .all() as Buffer[]
  db.close()
  const events = rows.map(bytes => JSON.parse(bytes.toString()) as Record<string, unknown>)
  return events.filter(event => event['type'] === 'started').map(event => event['reason'])
}
