import path from 'node:path'
import type { StoreFault, StoreState } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { freeBytesOf } from '../free-bytes.ts'
import { prepareUsedBytes } from '../upkeep/file-size.ts'
import type { LockTest } from './lock-test.ts'

/** A look at the file's surroundings takes a tenth of a millisecond, and every submission asks. */
const MAX_AGE_MS = 1_000

const LOCKS_DO_NOT_WORK: StoreFault = {
  name: 'file_locks_do_not_work',
  refusal: 'file locks do not work where the queue lies: use a local disk or a named volume',
}
const REPLACED: StoreFault = {
  name: 'queue_replaced',
  refusal: 'the file of the queue was moved, deleted or replaced',
}
const NOT_WRITABLE: StoreFault = { name: 'queue_not_writable' }

export interface StateOptions {
  readonly lockTest: Pick<LockTest, 'isBroken'>
  /** Whether the paths that were opened still lead to the files that are open. */
  readonly isInPlace: () => boolean
}

/** Looks at the state of the file when it is asked, at most once a second. */
export const stateOf = (
  connection: Connection,
  { lockTest, isInPlace }: StateOptions,
): (() => StoreState) => {
  const usedBytes = prepareUsedBytes(connection)
  const directory = path.dirname(path.resolve(connection.sqlite.name))
  const room = (): StoreState['room'] => {
    try {
      return { usedBytes: usedBytes(), freeBytes: freeBytesOf(directory) }
    } catch {
      return 'unknown'
    }
  }
  let last: { readonly room: StoreState['room']; readonly isInPlace: boolean } | undefined
  let lookedAt = 0
  return () => {
    const at = performance.now()
    if (!last || at - lookedAt >= MAX_AGE_MS) {
      last = { room: room(), isInPlace: isInPlace() }
      lookedAt = at
    }
    const faults = [
      lockTest.isBroken && LOCKS_DO_NOT_WORK,
      !last.isInPlace && REPLACED,
      connection.writeHasFailed() && NOT_WRITABLE,
    ].filter(fault => fault !== false)
    return { room: last.room, faults }
  }
}
