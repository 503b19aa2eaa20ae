import type { StoreState } from '@foreman/store'
import { Refusal } from '../http/refusal.ts'

export interface DiskSpaceOptions {
  /** What is known of the store now. */
  readonly state: () => Pick<StoreState, 'room'>
  readonly minFreeBytes: number
  /** How large the content of the store may be. Undefined: there is no limit. */
  readonly maxDbBytes: number | undefined
}

/** Decides whether the disk has room for another job. Jobs that run already may use what is left. */
export class DiskSpace {
  readonly #options: DiskSpaceOptions

  constructor(options: DiskSpaceOptions) {
    this.#options = options
  }

  /** Why there is no room, or undefined when there is room. */
  get lack(): string | undefined {
    const { state, minFreeBytes, maxDbBytes } = this.#options
    const { room } = state()
    if (room === 'unknown') return 'it is not known how much room the queue has'
    if (room.freeBytes !== undefined && room.freeBytes < minFreeBytes)
      return 'the disk of the queue is nearly full'
    if (maxDbBytes !== undefined && room.usedBytes > maxDbBytes) return 'the queue has reached its size'
    return undefined
  }

  /** @throws Refusal with 507 when there is no room for another job */
  ensureRoom(): void {
    const { lack } = this
    if (lack !== undefined) throw new Refusal(507, `no job is taken: ${lack}`)
  }
}
