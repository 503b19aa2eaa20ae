import { clock, duration } from '../../../format/duration.ts'
import { counted } from '../../../format/number.ts'
import { timeOfDay } from '../../../format/time.ts'
import type { Block, Phase } from './blocks.ts'

const REASONS: Readonly<Record<string, string>> = {
  first: 'the first job',
  resident: 'already in memory',
  drained: 'the last model had no more jobs',
  overdue: 'had waited for its bound',
  priority: 'more urgent jobs',
  ended: 'an operator ended the turn before',
}

const ENDS: Readonly<Record<string, string>> = {
  dry: 'no more jobs',
  overdue: 'another had waited for its bound',
  priority: 'more urgent jobs came',
  ended: 'an operator ended it',
  paused: 'paused',
  away: 'the target went away',
}

const PHASES: Readonly<Record<string, string>> = {
  away: 'the target was away',
  silent: 'the target did not answer',
  paused: 'paused',
  closed: 'nothing new was taken',
  worker_away: 'no worker was there',
}

/** Why a turn began, and why it ended. A reason that a newer server has added is told by its name. */
export const reasonInWords = (reason: string): string => REASONS[reason] ?? reason
export const endInWords = (end: string): string => ENDS[end] ?? end
export const phaseInWords = ({ kind, detail }: Phase): string =>
  `${PHASES[kind] ?? kind}${detail === undefined ? '' : ` (${detail})`}`

/** Which models a block is about. */
export const modelsInWords = ({ models, turns }: Block): string => {
  const [first = 'a model that is no longer known', ...others] = models
  const names = others.length > 2 ? `${first} and ${others.length} others` : [first, ...others].join(', ')
  return turns === 1 ? names : `${counted(turns, 'short turn')}: ${names}`
}

/** All about a block, in a sentence. */
export const blockInWords = (block: Block): string => {
  const { from, until, jobs, loadMs, reason, end } = block
  return [
    modelsInWords(block),
    `${timeOfDay(from)} to ${timeOfDay(until)} (${clock(until - from)})`,
    counted(jobs, 'job'),
    ...(loadMs > 0 ? [`loaded in ${duration(loadMs)}`] : []),
    ...(reason === undefined ? [] : [`began: ${reasonInWords(reason)}`]),
    ...(end === undefined ? [] : [`ended: ${endInWords(end)}`]),
  ].join(' · ')
}
