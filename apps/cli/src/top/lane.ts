import type { Timeline, TimelineTurn } from '@foreman/jobs'

/** What a lane shows beside the turns. While the queue is closed, turns go on. */
const [LOAD, IDLE, AWAY, PAUSED] = ['▒', '·', '×', '=']
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

export interface Lane {
  readonly line: string
  /** Which letter is which model. */
  readonly legend: string
}

/**
 * The turns of a time on a line: a letter for each model, and a sign where one was loaded, where nothing ran, and where the queue was
 * paused or the target or the worker was away.
 *
 * @example
 * laneOf(timeline, from, until, 20) // ▒AAAAAAA▒BBBBB··▒AAA
 */
export const laneOf = (timeline: Timeline, from: number, until: number, width: number): Lane => {
  const letters = new Map<string, string>()
  const letterOf = ({ models, group }: TimelineTurn): string => {
    const name = models.join(', ') || group
    if (!letters.has(name)) letters.set(name, LETTERS[letters.size % LETTERS.length] ?? '?')
    return letters.get(name) ?? '?'
  }
  const cells: string[] = Array.from({ length: width }, () => IDLE)
  const fill = (begin: number, end: number, sign: string, isShown = true) => {
    const cellMs = (until - from) / width
    const first = Math.max(0, Math.floor((begin - from) / cellMs))
    const last = Math.min(width, Math.max(Math.ceil((end - from) / cellMs), isShown ? first + 1 : 0))
    for (let at = first; at < last; at++) cells[at] = sign
  }
  const endOf = (at: string | undefined) => (at === undefined ? until : Date.parse(at))
  for (const turn of timeline.turns) {
    const [begin, end] = [Date.parse(turn.from), endOf(turn.until)]
    if (end < from) continue
    fill(begin, end, letterOf(turn))
    if (turn.load_ms) fill(begin, begin + turn.load_ms, LOAD)
  }
  for (const { kind, from: begin, until: end } of timeline.phases)
    if (kind !== 'closed') fill(Date.parse(begin), endOf(end), kind === 'paused' ? PAUSED : AWAY, false)
  return {
    line: cells.join(''),
    legend: [...letters].map(([name, letter]) => `${letter} ${name}`).join('  '),
  }
}
