import fs from 'node:fs'
import path from 'node:path'
import { cached } from '../http/cached.ts'
import { Refusal } from '../http/refusal.ts'

export interface DiskSpaceOptions {
  /** The file of the queue. */
  readonly file: string
  /** How much of that file is in use. */
  readonly usedBytes: () => number
  readonly minFreeBytes: number
  /** Default: no limit. */
  readonly maxDbBytes: number | undefined
  readonly now: () => number
  /** Default: the free bytes on the disk of the file. */
  readonly freeBytes?: () => number
}

/** Decides whether the disk has room for another job. Jobs that run already may use what is left. */
export class DiskSpace {
  readonly #lack: () => string | undefined

  constructor(options: DiskSpaceOptions) {
    const { file, usedBytes, minFreeBytes, maxDbBytes, now } = options
    const freeBytes = options.freeBytes ?? (() => freeBytesAt(path.dirname(path.resolve(file))))
    const look = () => {
      if (freeBytes() < minFreeBytes) return 'the disk of the queue is nearly full'
      if (maxDbBytes !== undefined && usedBytes() > maxDbBytes) return 'the queue has reached its size'
      return undefined
    }
    const read = () => {
      try {
        return look()
      } catch {
        return 'it is not known how much room the queue has'
      }
    }
    this.#lack = cached({ read, now })
  }

  /** Why there is no room, or undefined when there is room. */
  get lack(): string | undefined {
    return this.#lack()
  }

  /** @throws Refusal with 507 when there is no room for another job */
  ensureRoom(): void {
    const lack = this.lack
    if (lack !== undefined) throw new Refusal(507, `no job is taken: ${lack}`)
  }
}

const freeBytesAt = (directory: string): number => {
  const { bavail, bsize } = fs.statfsSync(directory)
  return bavail * bsize
}
