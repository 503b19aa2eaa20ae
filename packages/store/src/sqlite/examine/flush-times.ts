import fs from 'node:fs'
import path from 'node:path'

const TIMES = 20
const PAGE_BYTES = 4_096

/**
 * How long it takes until something small is on the disk, the shortest time first. Undefined: nothing can be written there.
 *
 * @param directory where a file is made for it, and removed
 */
export const flushTimes = (directory: string): number[] | undefined => {
  const file = path.join(directory, `.foreman-doctor-${process.pid}`)
  try {
    const opened = fs.openSync(file, 'wx', 0o600)
    try {
      const times = Array.from({ length: TIMES }, () => {
        const from = performance.now()
        fs.writeSync(opened, Buffer.alloc(PAGE_BYTES))
        fs.fsyncSync(opened)
        return performance.now() - from
      })
      return times.toSorted((a, b) => a - b)
    } finally {
      fs.closeSync(opened)
      fs.rmSync(file, { force: true })
    }
  } catch {
    return undefined
  }
}
