import type { JobAction } from '@foreman/foreman-client'
import type { Operation } from '@foreman/jobs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'

/** How often it is asked how far an operation is. */
const POLL_MS = 300

const VERBS = { cancel: 'Cancel', retry: 'Submit again', priority: 'Change' } as const

/** Does something to all jobs of a filter, after it was shown how many they are. Ctrl-C stops it. */
export const actOnMany = async (
  order: JobAction,
  { isAgreed, reason }: { readonly isAgreed: boolean; readonly reason: string | undefined },
  session: Session,
): Promise<number> => {
  const { client, screen, signal } = session
  const matched = await client.count(order, { signal })
  if (matched === 0) screen.say('no job matches')
  if (
    matched === 0 ||
    !(await screen.confirms(`${VERBS[order.action]} ${matched} jobs?`, { isAgreed, signal }))
  )
    return 0
  const begun = await client.actOnJobs(order, { expect: matched, reason, signal })
  const ended = await followOperation(begun, session)
  if (screen.isJson) screen.json(ended)
  else screen.print(`${ended.done ?? 0} of ${matched} jobs: ${ended.state}`)
  return ended.state === 'done' ? 0 : exitCodes.failed
}

/** Waits until an operation has ended, and says how far it is. When the command is stopped, so is the operation. */
export const followOperation = async (
  begun: Operation,
  { client, screen, signal }: Session,
): Promise<Operation> => {
  let operation = begun
  try {
    while (operation.state === 'running') {
      await delay(POLL_MS, undefined, { signal })
      const { done } = operation
      operation = await client.operation(begun.id, { signal })
      if (operation.done !== done) screen.sayInPlace(`${operation.done ?? 0} of ${operation.matched ?? 0}`)
    }
    return operation
  } catch (error) {
    if (signal.aborted) {
      const stopped = await client.stopOperation(begun.id)
      screen.say(`stopped after ${stopped.done ?? 0} of ${stopped.matched ?? 0}; what is done stays done`)
    }
    throw error
  }
}
