import type { Connection } from './connection.ts'
import { deployment as table } from './schema.ts'

/** The name of the deployment, which all processes on this file share, and no other deployment has. */
export const deploymentName = ({ db }: Connection): string => {
  const row = db.select().from(table).get()
  if (!row) throw new Error('the table deployment has no row')
  return row.name
}
