import type { JobAction } from '@foreman/foreman-client'
import type { Session } from '../command-line/session.ts'
import { runOperation } from './run-operation.ts'

const VERBS = { cancel: 'Cancel', retry: 'Submit again', priority: 'Change' } as const

/** Does something to all jobs of a filter, after it was shown how many they are. Ctrl-C stops it. */
export const actOnMany = async (
  order: JobAction,
  { isAgreed, reason }: { readonly isAgreed: boolean; readonly reason: string | undefined },
  session: Session,
): Promise<number> => {
  const { client, signal } = session
  const matched = await client.count(order, { signal })
  const toAll = {
    matched,
    what: 'jobs',
    none: 'no job matches',
    question: `${VERBS[order.action]} ${matched} jobs?`,
    begin: () => client.actOnJobs(order, { expect: matched, reason, signal }),
  }
  return runOperation(toAll, { isAgreed }, session)
}
