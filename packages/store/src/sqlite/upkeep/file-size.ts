import type { Connection } from '../connection.ts'
import { reads } from '../verbs.ts'

const PAGES_PER_STEP = 256

const prepareFreePages = ({ sqlite }: Connection) => {
  const select = sqlite.prepare('PRAGMA freelist_count').pluck()

  return (): number => select.get() as number
}

export const prepareShrink = (connection: Connection) => {
  const freePages = prepareFreePages(connection)

  return reads((): { more: boolean } => {
    const free = freePages()
    if (free === 0) return { more: false }
    connection.sqlite.pragma(`incremental_vacuum(${PAGES_PER_STEP})`)
    return { more: free > PAGES_PER_STEP }
  })
}

export const prepareUsedBytes = (connection: Connection) => {
  const freePages = prepareFreePages(connection)
  const pageCount = connection.sqlite.prepare('PRAGMA page_count').pluck()
  const pageSize = connection.sqlite.pragma('page_size', { simple: true }) as number

  return (): number => ((pageCount.get() as number) - freePages()) * pageSize
}
