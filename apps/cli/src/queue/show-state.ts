import type { QueueState } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { safeLine } from '../output/safe-text.ts'
import { holdLine } from './snapshot-words.ts'

/** Shows what the queue does after an operator has stepped in. */
export const showState = (state: QueueState, { screen }: Pick<Session, 'screen'>): void => {
  if (screen.isJson) return screen.json(state)
  screen.print(state.accepting ? state.state : `${state.state}, accepts no jobs`)
  for (const hold of state.holds) screen.print(safeLine(holdLine(hold, Date.now())))
  if (state.deadlines_passing)
    screen.say(safeLine(`${state.deadlines_passing} queued jobs miss their deadlines meanwhile`))
}
