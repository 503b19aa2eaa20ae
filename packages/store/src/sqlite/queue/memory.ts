import type { Connection } from '../connection.ts'
import { sql } from '../drizzle.ts'
import { workerMemory } from '../schema.ts'

export const prepareMemory = ({ db }: Connection) => {
  const select = db.select({ memory: workerMemory.memory }).from(workerMemory).prepare()
  return (): string | undefined => select.get()?.memory
}

export const prepareRemember = ({ db }: Connection) => {
  const memory = sql.placeholder('memory')
  const upsert = db
    .insert(workerMemory)
    .values({ id: 1, memory })
    .onConflictDoUpdate({ target: workerMemory.id, set: { memory: sql`excluded.memory` } })
    .prepare()
  return (text: string): void => void upsert.run({ memory: text })
}
