import type { Delivery } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { eq, sql, value } from '../drizzle.ts'
import { webhookDeliveries } from '../schema.ts'

export const prepareRedeliver = (connection: Connection) => {
  const restart = connection.db
    .update(webhookDeliveries)
    .set({
      state: 'pending',
      failures: 0,
      nextAttemptAt: value('now'),
      scheduledAt: value('now'),
      finishedAt: null,
    })
    .where(eq(webhookDeliveries.seq, sql.placeholder('seq')))
    .prepare()

  return ({ seq }: Pick<Delivery, 'seq'>, now: number): void => {
    restart.run({ seq, now })
  }
}
