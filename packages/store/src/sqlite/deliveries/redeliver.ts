import type { Delivery } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { eq, given, value } from '../drizzle.ts'
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
    .where(eq(webhookDeliveries.seq, given('seq')))
    .prepare()

  return ({ seq }: Pick<Delivery, 'seq'>, now: number): void => {
    restart.run({ seq, now })
  }
}
