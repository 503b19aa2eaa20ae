import { groupKeyOf, weightsOf } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'

/** The sizes of the target's weights files, from its list of models. */
export class ModelSizes {
  readonly #store: Store
  #bytes: ReadonlyMap<string, number> = new Map()

  constructor(store: Store) {
    this.#store = store
  }

  /** The size of weights, as `weightsOf` names them. Undefined: nobody knows. */
  bytesOf(weights: string): number | undefined {
    return this.#bytes.get(weights)
  }

  /** @param sizes in bytes, by the canonical names of the models */
  async observe(sizes: ReadonlyMap<string, number>): Promise<void> {
    const bytes = new Map<string, number>()
    for (const [model, size] of sizes) {
      const { loading } = (await this.#store.catalogue.model(model)) ?? {}
      bytes.set(weightsOf(groupKeyOf({ model, loadOptions: '{}', loading })), size)
    }
    this.#bytes = bytes
  }
}
