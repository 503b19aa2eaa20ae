import { keepLast } from './keep-last.ts'

/** A group, and another one that the target serves with what it has loaded for the first. */
type Fit = readonly [loadedFor: string, groupKey: string]

/** More are not kept: those that were seen longest ago go. */
const MAX_FITS = 1_000

/**
 * Which groups of one weights file the target serves with what it has loaded for another. Nobody can tell from the requests: a
 * context of 4096 is the same as none where that is the default, and it differs from version to version. So it is learned from what
 * the target does, and forgotten when its version changes.
 */
export class Fits {
  readonly #fits = new Map<string, Fit>()
  /** The version of the target that has shown them. */
  #version: string | undefined

  /** Whether the target is known to serve a group with what it has loaded for another. */
  has(...fit: Fit): boolean {
    return this.#fits.has(keyOf(fit))
  }

  learn(...fit: Fit): void {
    keepLast(this.#fits, keyOf(fit), fit, MAX_FITS)
  }

  unlearn(...fit: Fit): void {
    this.#fits.delete(keyOf(fit))
  }

  /** Forgets everything if another version of the target has shown it. */
  heedVersion(version: string): void {
    if (this.#version !== undefined && this.#version !== version) this.#fits.clear()
    this.#version = version
  }

  /** What the worker that follows this one should know. */
  toKept(): KeptFits {
    return { version: this.#version ?? null, pairs: [...this.#fits.values()] }
  }

  /** Takes over what another worker has learned. */
  takeOver({ version, pairs }: KeptFits): void {
    if (version === null || (this.#version !== undefined && this.#version !== version)) return
    this.#version = version
    for (const fit of pairs) this.learn(...fit)
  }
}

export interface KeptFits {
  /** Null: not known, and then nothing is known of the pairs. */
  readonly version: string | null
  readonly pairs: readonly Fit[]
}

const keyOf = (fit: Fit): string => JSON.stringify(fit)
