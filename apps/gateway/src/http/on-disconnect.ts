import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/**
 * Whether `X-Foreman-On-Disconnect` asks that the job runs to its end when the caller disconnects.
 *
 * @throws Refusal with 400 when the header has another value than `finish` or `cancel`
 */
export const finishesOnDisconnect = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => {
  const wish = headers['x-foreman-on-disconnect']
  if (wish !== undefined && wish !== 'finish' && wish !== 'cancel')
    throw new Refusal(400, 'X-Foreman-On-Disconnect must be finish or cancel')
  return wish === 'finish'
}
