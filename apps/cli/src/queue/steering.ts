import type { Session } from '../command-line/session.ts'
import { showState } from './show-state.ts'
import { type LastingFlags, untilOf } from './until.ts'

interface Because {
  readonly reason?: string | undefined
}

/** Lets nothing start, and may put back what runs and have the models leave the target's memory. */
export const pause = async (
  given: LastingFlags &
    Because & { readonly now?: boolean | undefined; readonly unload?: boolean | undefined },
  session: Session,
): Promise<void> => {
  const pausing = {
    until: untilOf(given, new Date()),
    release: given.now,
    unload: given.unload,
    reason: given.reason,
  }
  showState(await session.client.queue.pause(pausing, session), session)
}

export const resume = async ({ reason }: Because, session: Session): Promise<void> =>
  showState(await session.client.queue.resume({ reason }, session), session)

export const close = async (given: LastingFlags & Because, session: Session): Promise<void> => {
  const closing = { until: untilOf(given, new Date()), reason: given.reason }
  showState(await session.client.queue.close(closing, session), session)
}

export const open = async ({ reason }: Because, session: Session): Promise<void> =>
  showState(await session.client.queue.open({ reason }, session), session)

export const endTurn = async ({ reason }: Because, session: Session): Promise<void> =>
  showState(await session.client.queue.endTurn({ reason }, session), session)
