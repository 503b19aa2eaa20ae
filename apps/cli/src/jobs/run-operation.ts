import type { Operation } from '@foreman/jobs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'

/** How often it is asked how far an operation is. */
const POLL_MS = 300

/** Something that is done to all that match. */
interface Order {
  readonly matched: number
  /** What they are: `jobs`. */
  readonly what: string
  /** Said when there is nothing to do. */
  readonly none: string
  readonly question: string
  readonly begin: () => Promise<Operation>
}

/** Does it after a yes, and says how it has ended. */
export const runOperation = async (
  { matched, what, none, question, begin }: Order,
  { isAgreed }: { readonly isAgreed: boolean },
  session: Session,
): Promise<number> => {
  const { screen, signal } = session
  if (matched === 0) screen.say(none)
  if (matched === 0 || !(await screen.confirms(question, { isAgreed, signal }))) return 0
  const ended = await followOperation(await begin(), session)
  if (screen.isJson) screen.json(ended)
  else screen.print(`${ended.done ?? 0} of ${matched} ${what}: ${ended.state}`)
  return ended.state === 'done' ? 0 : exitCodes.failed
}

/** Waits until an operation has ended, and says how far it is. When the command is stopped, so is the operation. */
const followOperation = async (begun: Operation, { client, screen, signal }: Session): Promise<Operation> => {
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
