import { canonicalModelName } from '@foreman/ollama-client'
import type { Claim } from '@foreman/store'

/** Which groups are in the target's memory, as far as the worker knows: what runs there, and what the target says. */
export class Residents {
  /** The group that ran last with each model that is in memory. */
  readonly #groupOf = new Map<string, string>()
  #models: ReadonlySet<string> = new Set()

  /** The groups that the target has said to be in memory. */
  get groups(): ReadonlySet<string> {
    return new Set([...this.#groupOf].flatMap(([model, group]) => (this.#models.has(model) ? [group] : [])))
  }

  /** Notes what the target says. Undefined: it does not say, and then nothing is known. */
  observe(names: readonly string[] | undefined): void {
    this.#models = new Set(names?.map(name => canonicalModelName(name) ?? name))
    for (const model of this.#groupOf.keys()) if (!this.#models.has(model)) this.#groupOf.delete(model)
  }

  /**
   * Notes that a job is sent to the target. If its model has to be loaded, nobody knows what has to leave for it.
   *
   * @returns whether its model has to be loaded
   */
  noteRun({ modelName, groupKey }: Pick<Claim, 'modelName' | 'groupKey'>, last: string | undefined): boolean {
    const isLoad = groupKey !== last && !this.groups.has(groupKey)
    if (isLoad) this.#models = new Set()
    this.#groupOf.set(modelName, groupKey)
    return isLoad
  }
}
