import type { DeliveryFilter } from '@foreman/foreman-client'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { UsageError } from '../failures/usage-error.ts'
import { runOperation } from '../jobs/run-operation.ts'
import { safeLine } from '../output/safe-text.ts'
import { pastTime } from '../output/times.ts'

/** Sends webhooks of a job again: one, or those that were given up. */
export const resend = async (
  job: string,
  delivery: string | undefined,
  session: Session,
): Promise<number> => {
  const { client, screen, signal } = session
  const ids =
    delivery === undefined
      ? (await client.deliveries(job, { signal })).filter(({ state }) => state === 'dead').map(({ id }) => id)
      : [delivery]
  if (ids.length === 0) screen.say(`no webhook of ${job} was given up: foreman webhook ls ${job} lists them`)
  for (const id of ids) {
    const sent = await client.redeliver(job, id, { signal })
    if (screen.isJson) screen.json(sent)
    else screen.print(safeLine(`${sent.id}  ${sent.state}  ${sent.url}`))
  }
  return ids.length === 0 ? exitCodes.gone : 0
}

interface Many {
  readonly host?: string | undefined
  readonly caller?: string | undefined
  readonly since?: string | undefined
  readonly reason?: string | undefined
  readonly isAgreed: boolean
}

/** Sends all webhooks again that were given up, of a receiver, of a caller or since a time. */
export const resendMany = async (given: Many, session: Session): Promise<number> => {
  const { client, signal } = session
  const { host, caller, since, reason, isAgreed } = given
  if (host === undefined && caller === undefined && since === undefined)
    throw new UsageError('say which: give the id of a job, or --host, --caller or --since')
  const filter: DeliveryFilter = {
    host,
    caller,
    since: since === undefined ? undefined : pastTime(since, '--since', Date.now()),
  }
  const matched = await client.countDead(filter, { signal })
  const toAll = {
    matched,
    what: 'webhooks',
    none: 'no webhook that was given up matches',
    question: `Send ${matched} webhooks again?`,
    begin: () => client.redeliverMany(filter, { expect: matched, reason, signal }),
  }
  return runOperation(toAll, { isAgreed }, session)
}
