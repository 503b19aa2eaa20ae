import type { Store } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { Refusal } from '../http/refusal.ts'

/** How long an answer of the file system is good for. */
const FRESH_MS = 1_000

export interface RoomOptions {
  readonly store: Store
  readonly minFreeBytes: number
  readonly maxDbBytes: number | undefined
  readonly now: () => number
  /** Free bytes on the disk of the queue. */
  readonly freeBytes?: () => number
}

/** Whether there is room for another job. What runs already is given what is left. */
export class Room {
  readonly #options: RoomOptions
  readonly #freeBytes: () => number
  #lack: string | undefined
  #checkedAt = -Infinity

  constructor(options: RoomOptions) {
    this.#options = options
    this.#freeBytes = options.freeBytes ?? (() => freeBytesAt(path.dirname(path.resolve(options.store.file))))
  }

  /** What there is too little of; undefined: there is room. */
  get lack(): string | undefined {
    const now = this.#options.now()
    if (Math.abs(now - this.#checkedAt) >= FRESH_MS) {
      this.#checkedAt = now
      this.#lack = this.#look()
    }
    return this.#lack
  }

  /** @throws Refusal with 507 */
  demand(): void {
    const lack = this.lack
    if (lack !== undefined) throw new Refusal(507, `no job is taken: ${lack}`)
  }

  #look(): string | undefined {
    const { store, minFreeBytes, maxDbBytes } = this.#options
    if (this.#freeBytes() < minFreeBytes) return 'the disk of the queue is nearly full'
    if (maxDbBytes !== undefined && store.housekeeping.usedBytes() > maxDbBytes)
      return 'the queue has reached its size'
    return undefined
  }
}

const freeBytesAt = (directory: string): number => {
  const { bavail, bsize } = fs.statfsSync(directory)
  return bavail * bsize
}
