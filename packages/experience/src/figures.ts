import { type TokenUsage, weightsOf } from '@foreman/ollama-client'
import { keepLast } from './keep-last.ts'

/** What takes less counts as no load: it is not worth avoiding. */
const MIN_LOAD_MS = 100
/** What takes less is none. Between the two, it may be that of a tiny model, or a busy machine that has it in memory. */
const MIN_DOUBTFUL_MS = 25
/** What takes less than so many times as long as it takes to find the model in memory is none either. */
const FOUND_PER_LOAD = 3
/** What takes longer was not found in memory. */
const MAX_FOUND_MS = 1_000
/** What is left of the older figures after a new one. */
const FADE = 0.7
/** The figures of more groups than this are not kept. */
const MAX_GROUPS = 1_000
/** Before any load was measured: a disk that gives a gigabyte in a second. */
const USUAL_LOAD_MS_PER_BYTE = 1e-6

/** What an attempt has taken of the target, in milliseconds. */
export interface Spent {
  /** How long the target had the request. */
  readonly totalMs: number
  /** How long after the request its answer began. Undefined: it did not. */
  readonly headAfterMs: number | undefined
  /** What the target says of the answer. Undefined: it does not say. */
  readonly usage: TokenUsage | undefined
}

/** What an attempt has taken of the target, and what it met there. */
export interface Attempt extends Spent {
  /** Whether it was sent to load its model. */
  readonly isLoad: boolean
  /** Whether no other job ran when it was sent. What it has waited for is its own load then. */
  readonly wasAlone: boolean
  readonly streaming: boolean
}

/** Moving means of a group. All times are milliseconds. What was not measured is left out. */
export interface GroupFigures {
  readonly loadMs?: number
  /** The time of a whole job, without a load. */
  readonly workMs?: number
  /** How far `workMs` was from the time of the job that followed. */
  readonly workDeviationMs?: number
  readonly promptTokenMs?: number
  readonly answerTokenMs?: number
  readonly answerTokens?: number
}

/** How long loads and jobs take, as the worker has measured it. */
export class Figures {
  readonly #bytesOf: (weights: string) => number | undefined
  /** By group. The one that was measured last comes last. */
  readonly #groups = new Map<string, GroupFigures>()
  /** The load time of weights, whichever group they were loaded for. */
  readonly #loadMsOfWeights = new Map<string, number>()
  /**
   * The least time that the target took to find weights that were in memory. That is a millisecond for a small model, and hundreds
   * of them for a large one on a slow machine.
   */
  readonly #foundMsOfWeights = new Map<string, number>()
  #loadMsPerByte = USUAL_LOAD_MS_PER_BYTE

  /** @param bytesOf the size of a weights file, if it is known */
  constructor(bytesOf: (weights: string) => number | undefined) {
    this.#bytesOf = bytesOf
  }

  /** What was measured of a group. */
  of(groupKey: string): GroupFigures {
    return this.#groups.get(groupKey) ?? {}
  }

  /**
   * How long a group's model takes to load: as measured, or as its weights took for another group, or as long as the size of the
   * file suggests. 0: nobody knows.
   */
  loadMs(groupKey: string): number {
    const weights = weightsOf(groupKey)
    const measured = this.of(groupKey).loadMs ?? this.#loadMsOfWeights.get(weights)
    return measured ?? (this.#bytesOf(weights) ?? 0) * this.#loadMsPerByte
  }

  /** Notes a whole answer. @returns how long the target has worked on it, without a load */
  noteAnswer(groupKey: string, attempt: Attempt): number {
    this.#noteFound(groupKey, attempt)
    const loaded = this.#loadOf(groupKey, attempt)
    if (loaded !== undefined && isOwnLoad(attempt)) this.#noteLoad(groupKey, loaded)
    const workMs = this.workMs(groupKey, attempt, loaded)
    const expectedMs = this.of(groupKey).workMs
    const { promptTokens, completionTokens, promptMs, answerMs } = timed(attempt, workMs)
    this.#note(groupKey, {
      workMs,
      workDeviationMs: expectedMs === undefined ? undefined : Math.abs(workMs - expectedMs),
      promptTokenMs: perToken(promptMs, promptTokens),
      answerTokenMs: perToken(answerMs, completionTokens),
      answerTokens: completionTokens,
    })
    return workMs
  }

  /** How long the target has worked on an attempt. Where nobody says how long its load took, that was as long as usual. */
  workMs(groupKey: string, attempt: Attempt, loaded = this.#loadOf(groupKey, attempt)): number {
    return Math.max(0, attempt.totalMs - (loaded ?? (attempt.isLoad ? this.loadMs(groupKey) : 0)))
  }

  /**
   * Whether a model was loaded for an attempt. Undefined: the target does not say, or it is in doubt, or it may have been for a job
   * beside it.
   */
  hasLoaded(groupKey: string, attempt: Attempt): boolean | undefined {
    const said = attempt.usage?.loadMs
    // Where the target does not say how long the load took, it took no longer than the answer to begin.
    const atMostMs = said ?? attempt.headAfterMs ?? Infinity
    if (atMostMs < this.#atLeast(MIN_DOUBTFUL_MS, groupKey)) return false
    return said !== undefined && said >= this.#atLeast(MIN_LOAD_MS, groupKey) && isOwnLoad(attempt)
      ? true
      : undefined
  }

  /** What the worker that follows this one should know. */
  toKept(): readonly KeptFigures[] {
    return [...this.#groups]
  }

  /** Takes over what another worker has measured. */
  takeOver(kept: readonly KeptFigures[]): void {
    for (const [groupKey, { loadMs, ...figures }] of kept) {
      this.#note(groupKey, figures)
      if (loadMs !== undefined) this.#noteLoad(groupKey, loadMs)
    }
  }

  /** A time, or how long a load of this group's weights takes at the very least if that is longer. */
  #atLeast(ms: number, groupKey: string): number {
    return Math.max(ms, FOUND_PER_LOAD * (this.#foundMsOfWeights.get(weightsOf(groupKey)) ?? 0))
  }

  /**
   * How long a load took: what the target says, or, where it does not, the time before a stream began that was sent to load its
   * model. Undefined: there was none, or nobody knows.
   */
  #loadOf(groupKey: string, { usage, headAfterMs, isLoad, streaming }: Attempt): number | undefined {
    const loaded = usage?.loadMs ?? (isLoad && streaming ? headAfterMs : undefined)
    return loaded !== undefined && loaded >= this.#atLeast(MIN_LOAD_MS, groupKey) ? loaded : undefined
  }

  #noteFound(groupKey: string, { usage, isLoad, wasAlone }: Attempt): void {
    const foundMs = usage?.loadMs ?? Infinity
    if (isLoad || !wasAlone || foundMs > MAX_FOUND_MS) return
    const weights = weightsOf(groupKey)
    const least = Math.min(foundMs, this.#foundMsOfWeights.get(weights) ?? Infinity)
    keepLast(this.#foundMsOfWeights, weights, least, MAX_GROUPS)
  }

  #noteLoad(groupKey: string, loadMs: number): void {
    this.#note(groupKey, { loadMs })
    const weights = weightsOf(groupKey)
    keepLast(this.#loadMsOfWeights, weights, loadMs, MAX_GROUPS)
    const bytes = this.#bytesOf(weights)
    if (bytes) this.#loadMsPerByte = mean(this.#loadMsPerByte, loadMs / bytes)
  }

  #note(groupKey: string, news: Figured): void {
    const before = this.of(groupKey)
    const after: Record<string, number> = { ...before }
    for (const [name, value] of Object.entries(news))
      if (value !== undefined) after[name] = mean(after[name], value)
    keepLast(this.#groups, groupKey, after, MAX_GROUPS)
  }
}

type Figured = { readonly [Name in keyof GroupFigures]: number | undefined }

export type KeptFigures = readonly [groupKey: string, figures: GroupFigures]

const mean = (before: number | undefined, value: number): number =>
  before === undefined ? value : before * FADE + value * (1 - FADE)

const perToken = (ms: number | undefined, tokens: number | undefined): number | undefined =>
  ms !== undefined && tokens !== undefined && tokens > 0 ? ms / tokens : undefined

/** Whether it did not wait for the end of a load that had begun before. */
const isOwnLoad = ({ isLoad, wasAlone }: Attempt): boolean => isLoad || wasAlone

/** What the target says of its times; where it does not, what the clock says of a stream whose model was in memory. */
const timed = ({ usage = {}, headAfterMs, isLoad, streaming }: Attempt, workMs: number): TokenUsage => {
  if (usage.answerMs !== undefined || headAfterMs === undefined || isLoad || !streaming) return usage
  return { ...usage, promptMs: headAfterMs, answerMs: workMs - headAfterMs }
}
