import type { Connection } from '../connection.ts'
import { value } from '../drizzle.ts'
import { target } from '../schema.ts'

export const prepareMemory = ({ db }: Connection) => {
  const select = db.select({ memory: target.memory }).from(target).prepare()
  return (): string | undefined => select.get()?.memory ?? undefined
}

export const prepareRemember = ({ db }: Connection) => {
  const update = db
    .update(target)
    .set({ memory: value('memory') })
    .prepare()
  return (memory: string): void => void update.run({ memory })
}
