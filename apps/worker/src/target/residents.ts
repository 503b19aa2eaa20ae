import { type Fits, keepLast } from '@foreman/experience'
import { canonicalModelName, weightsOf } from '@foreman/ollama-client'
import type { Claim } from '@foreman/store'

/** More groups and names of a runner are not kept: those that it served longest ago go. */
const MAX_SERVED = 1_000

const newRunner = (loadedFor: string, isLoadSeen: boolean): Runner => ({
  loadedFor,
  isLoadSeen,
  served: undefined,
  groups: new Map(),
  names: new Map(),
})

/** A loaded model. */
interface Runner {
  /** The group whose job loaded it. Undefined: it was there before. */
  loadedFor: string | undefined
  /** Whether the target has said that it was loaded for that group. An answer on /v1 does not say. */
  isLoadSeen: boolean
  /** What it has served last. */
  served: Job | undefined
  /** The groups that it has served, the last one at the end. */
  readonly groups: Map<string, true>
  /** Under which names. */
  readonly names: Map<string, true>
}

/** A loaded model, as others see it. */
export interface Loaded {
  readonly groups: readonly string[]
  /** The canonical names under which it has served jobs. */
  readonly names: readonly string[]
}

/** What a job met that was sent to the target, as far as the worker knew. */
export interface Sent {
  /** Whether its model had to be loaded. */
  readonly isLoad: boolean
  /** What had its weights in memory before. */
  readonly before: Runner | undefined
  readonly runner: Runner
}

type Job = Pick<Claim, 'modelName' | 'groupKey'>

/** What is in the target's memory, as far as the worker knows: what runs there, and what the target says. */
export class Residents {
  readonly #fits: Fits
  /** By their weights, of which the target loads no second runner. */
  readonly #runners = new Map<string, Runner>()
  /** The weights that are in memory: those of the last job, and those of which the target has said so. */
  readonly #present = new Set<string>()
  #last: string | undefined
  #version = 0

  constructor(fits: Fits) {
    this.#fits = fits
  }

  /** Whether the target can serve a job of this group without a load. */
  has(groupKey: string): boolean {
    const runner = this.#presentRunner(groupKey)
    if (!runner) return false
    const { groups, loadedFor } = runner
    return groups.has(groupKey) || (loadedFor !== undefined && this.#fits.has(loadedFor, groupKey))
  }

  /** Groups that the target can serve without a load: those that it has served with what it has in memory. */
  get groups(): string[] {
    return this.loaded.flatMap(({ groups }) => groups)
  }

  /** What is loaded: the groups that it has served, and the names of its models. */
  get loaded(): Loaded[] {
    return [...this.#present].flatMap(weights => {
      const runner = this.#runners.get(weights)
      return runner ? { groups: [...runner.groups.keys()], names: [...runner.names.keys()] } : []
    })
  }

  /** Changes when `loaded` may have. */
  get version(): number {
    return this.#version
  }

  /** How many models are loaded, whatever groups each of them serves. */
  get size(): number {
    return this.#present.size
  }

  /** Notes what the target says. Undefined: it does not say, and then nothing is known but what was used last. */
  observe(names: readonly string[] | undefined): void {
    const said = new Set(names?.map(name => canonicalModelName(name) ?? name))
    this.#version++
    this.#present.clear()
    for (const [weights, runner] of this.#runners) {
      const isThere = names ? [...runner.names.keys()].some(name => said.has(name)) : weights === this.#last
      if (isThere) this.#present.add(weights)
      else if (names) this.#runners.delete(weights)
    }
  }

  /** Notes that a job is sent to the target. If its model has to be loaded, nobody knows what has to leave for it. */
  noteSent(job: Job): Sent {
    const { groupKey } = job
    const isLoad = !this.has(groupKey)
    const before = this.#presentRunner(groupKey)
    const weights = weightsOf(groupKey)
    const runner = before && !isLoad ? before : newRunner(groupKey, false)
    if (isLoad) this.#present.clear()
    this.#present.add(weights)
    this.#noteServed(weights, runner, job)
    this.#last = weights
    return { isLoad, before, runner }
  }

  /** Notes whether a model was loaded for a job, and learns from it which groups fit what is loaded for another. */
  noteLoad(job: Job, { isLoad, before, runner }: Sent, hasLoaded: boolean): void {
    const { groupKey } = job
    const weights = weightsOf(groupKey)
    // What was loaded since is not what the job has met.
    if (this.#runners.get(weights) !== runner) return
    const loadedFor = before?.loadedFor
    if (hasLoaded) {
      if (!isLoad && loadedFor !== undefined) this.#fits.unlearn(loadedFor, groupKey)
      if (isLoad) runner.isLoadSeen = true
      else this.#noteServed(weights, newRunner(groupKey, true), job)
    } else if (before) {
      // Jobs that were sent beside it are of the same group.
      this.#noteServed(weights, before, job)
      const isSure = before.isLoadSeen && loadedFor !== undefined
      if (isSure && loadedFor !== groupKey) this.#fits.learn(loadedFor, groupKey)
    } else {
      runner.loadedFor = undefined
    }
  }

  /** Notes that these weights are those of the runner, which serves a job. Most jobs are like the one before. */
  #noteServed(weights: string, runner: Runner, { groupKey, modelName }: Job): void {
    const { served } = runner
    const isKnown = this.#runners.get(weights) === runner
    if (isKnown && served?.groupKey === groupKey && served.modelName === modelName) return
    this.#version++
    this.#runners.set(weights, runner)
    runner.served = { groupKey, modelName }
    keepLast(runner.groups, groupKey, true, MAX_SERVED)
    keepLast(runner.names, modelName, true, MAX_SERVED)
  }

  #presentRunner(groupKey: string): Runner | undefined {
    const weights = weightsOf(groupKey)
    return this.#present.has(weights) ? this.#runners.get(weights) : undefined
  }
}
