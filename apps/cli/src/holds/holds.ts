import type { Hold } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import type { Row } from '../output/columns.ts'
import { printList } from '../output/list.ts'
import { showState } from '../queue/show-state.ts'
import { type LastingFlags, untilOf } from '../queue/until.ts'
import { holdsOf, openingOf, subjectOf } from './subject.ts'

interface Because extends LastingFlags {
  readonly reason?: string | undefined
}

/** Holds a model, a priority or a caller. */
export const hold = async (word: string, given: Because, session: Session): Promise<void> => {
  const holding = { ...subjectOf(word), until: untilOf(given, new Date()), reason: given.reason }
  showState(await session.client.queue.hold(holding, session), session)
}

/** Lets a model or a priority through for a time, whatever its windows say. */
export const letThrough = async (word: string, given: Because, session: Session): Promise<void> => {
  const holding = { ...openingOf(subjectOf(word)), until: untilOf(given, new Date()), reason: given.reason }
  showState(await session.client.queue.hold(holding, session), session)
}

/** Ends what holds something: by its id, or by what is held. With a time, its windows do not count until then either. */
export const release = async (word: string, given: Because, session: Session): Promise<number> => {
  if (given.for !== undefined || given.until !== undefined) {
    await letThrough(word, given, session)
    return 0
  }
  return end(
    word,
    ['model', 'priority', 'caller'],
    session,
    `nothing holds ${word}: foreman holds ls lists what is held`,
  )
}

/** Ends an exception from the windows, so that they count again. */
export const endException = (word: string, session: Session): Promise<number> =>
  end(
    word,
    ['open_model', 'open_priority', 'model', 'priority'],
    session,
    `there is no exception for ${word}`,
  )

const end = async (
  word: string,
  kinds: Parameters<typeof holdsOf>[1],
  session: Session,
  otherwise: string,
): Promise<number> => {
  const { queue } = session.client
  if (/^hold_[0-9a-f]+$/.test(word)) {
    showState(await queue.release(word, session), session)
    return 0
  }
  const { kind, subject } = subjectOf(word)
  const { holds } = await queue.state(session)
  const [first] = holdsOf(
    holds,
    kinds.filter(each => each.endsWith(kind)),
    subject,
  )
  if (!first) {
    session.screen.say(`foreman: ${otherwise}`)
    return exitCodes.gone
  }
  showState(await queue.release(first.id, session), session)
  return 0
}

/** Lists what is held back or let through. */
export const listHolds = async ({ client, screen, signal }: Session): Promise<void> => {
  const { holds } = await client.queue.state({ signal })
  await printList(holds, { rowOf }, screen)
}

const rowOf = ({ id, kind, subject, since, until, reason, by }: Hold): Row => [
  id,
  kind,
  subject ?? '',
  `since ${since}`,
  until === undefined ? '' : `until ${until}`,
  by ?? '',
  reason ?? '',
]
