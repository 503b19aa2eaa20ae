import type { Timeline, TimelineTurn, TurnSnapshot } from '@foreman/jobs'

/** A turn, or several that are too short to be told apart. Times are milliseconds since the epoch. */
export interface Block {
  readonly from: number
  readonly until: number
  readonly models: readonly string[]
  /** How many turns it stands for. */
  readonly turns: number
  /** Of several turns, how long each model had its own. */
  readonly parts?: readonly Part[]
  /** Until when the model was loaded at its front. */
  readonly loadedAt?: number
  readonly loadMs: number
  readonly jobs: number
  readonly tokens?: number
  readonly reason?: string
  readonly end?: string
}

interface Part {
  readonly model: string
  readonly ms: number
}

/** A time in which nothing could run. */
export interface Phase {
  readonly kind: string
  readonly detail?: string
  readonly from: number
  readonly until: number
}

/** What a turn of the timeline, and one in order of arrival, have in common. */
type AnyTurn = Pick<TimelineTurn, 'models' | 'from' | 'loaded_at' | 'load_ms' | 'until' | 'jobs'> &
  Partial<Pick<TimelineTurn, 'reason' | 'end' | 'tokens'>>

/** What the target does at this moment. */
export interface Present {
  readonly now: number
  /** The turn that it works on. Undefined: nothing runs. */
  readonly turn?: TurnSnapshot | undefined
  /** Nothing of the turn has run: its model is being loaded. */
  readonly isLoading?: boolean
}

/** The turns of the history, and the one that goes on, which the history knows up to its last job. */
export const blocksOf = (turns: readonly AnyTurn[], { now, turn, isLoading = false }: Present): Block[] => {
  const blocks = turns.map(blockOf)
  const since = turn && Date.parse(turn.since)
  if (!turn || since === undefined || since >= now) return blocks
  const last = blocks.at(-1)
  const known = last?.from === since ? last : undefined
  const { models, reason, load_ms: loadMs = 0, jobs_done: jobs } = turn
  const present = { from: since, models, turns: 1, reason, loadMs, jobs, ...known, until: now }
  return [...(known ? blocks.slice(0, -1) : blocks), { ...present, ...(isLoading && { loadedAt: now }) }]
}

const blockOf = (turn: AnyTurn): Block => {
  const { from, until, loaded_at: loadedAt, load_ms: loadMs, models, jobs, tokens, reason, end } = turn
  const begin = Date.parse(from)
  return {
    from: begin,
    until: until === undefined ? begin : Date.parse(until),
    models,
    turns: 1,
    ...(loadedAt !== undefined && loadMs !== undefined && { loadedAt: Date.parse(loadedAt) }),
    loadMs: loadMs ?? 0,
    jobs,
    ...(tokens !== undefined && { tokens }),
    ...(reason !== undefined && { reason }),
    ...(end !== undefined && { end }),
  }
}

export const phasesOf = ({ phases }: Timeline, now: number): Phase[] =>
  phases.map(({ kind, detail, from, until }) => ({
    kind,
    ...(detail !== undefined && { detail }),
    from: Date.parse(from),
    until: until === undefined ? now : Date.parse(until),
  }))

/** More cannot be told apart, nor drawn quickly. */
const MAX_BLOCKS = 1_500
/** Turns that are put together are so much longer than can just be seen, so that a lane still shows how the day went. */
const LONGEST = 4

/**
 * Puts turns together that are shorter than can be seen, with what lies between them.
 *
 * @param visibleMs how long a block is that can just be seen
 */
export const mergeShort = (blocks: readonly Block[], visibleMs: number): Block[] => {
  const merged: Block[] = []
  for (const block of blocks) {
    const last = merged.at(-1)
    const isShort = (each: Block) => each.until - each.from < visibleMs || each.turns > 1
    const isNear = last !== undefined && block.from - last.until < visibleMs
    const fits = last !== undefined && block.until - last.from <= LONGEST * visibleMs
    if (last && isNear && fits && isShort(last) && isShort(block)) merged.splice(-1, 1, together(last, block))
    else merged.push(block)
  }
  return merged.length <= MAX_BLOCKS ? merged : mergeShort(merged, visibleMs * 2)
}

const together = (a: Block, b: Block): Block => ({
  from: a.from,
  until: Math.max(a.until, b.until),
  models: [...new Set([...a.models, ...b.models])],
  turns: a.turns + b.turns,
  parts: addUp([...partsOf(a), ...partsOf(b)]),
  loadMs: a.loadMs + b.loadMs,
  jobs: a.jobs + b.jobs,
  tokens: (a.tokens ?? 0) + (b.tokens ?? 0),
})

/** How long each model had its turn in a block. */
export const partsOf = ({ parts, models: [model = ''], from, until }: Block): readonly Part[] =>
  parts ?? [{ model, ms: until - from }]

const addUp = (parts: readonly Part[]): Part[] =>
  [...Map.groupBy(parts, ({ model }) => model)].map(([model, all]) => ({
    model,
    ms: all.reduce((sum, { ms }) => sum + ms, 0),
  }))
