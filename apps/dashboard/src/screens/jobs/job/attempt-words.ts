import { duration } from '../../../format/duration.ts'
import type { Attempt, Stretch } from './attempts.ts'

/** What the worker says about a choice, to whoever has not read how it chooses. */
const REASONS: Readonly<Record<string, string>> = {
  first: 'nothing was in memory',
  resident: 'its model was in memory',
  drained: 'the model before had no more jobs',
  overdue: 'it had waited for its bound',
  priority: 'it was more urgent',
  ended: 'an operator ended the turn before',
}

/** Why an attempt began when it did. A reason that a newer server has added is told by its name. */
export const reasonInWords = (reason: string): string => REASONS[reason] ?? reason.replaceAll('_', ' ')

const ENDS: Readonly<Record<NonNullable<Attempt['end']>['how'], string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  retrying: 'put back into the queue',
  lost: 'lost: its worker died',
}

/** How an attempt ended: `put back into the queue: stall`. */
export const endInWords = ({ end, status }: Attempt): string => {
  if (!end) return 'runs'
  const code = end.code === undefined || end.code === end.how ? '' : `: ${end.code}`
  return `${ENDS[end.how]}${code}${status !== undefined && status >= 300 ? ` (status ${status})` : ''}`
}

const NAMES: Readonly<Record<Stretch['kind'], string>> = {
  waited: 'waited',
  loaded: 'loaded the model',
  prompt: 'read the prompt',
  generated: 'generated',
  ran: 'ran',
}

/** `waited 3 min, loaded the model 3.1 s, generated 4.2 s`. */
export const stretchesInWords = (stretches: readonly Stretch[]): string =>
  stretches.map(({ kind, ms }) => `${NAMES[kind]} ${duration(ms)}`).join(', ')
