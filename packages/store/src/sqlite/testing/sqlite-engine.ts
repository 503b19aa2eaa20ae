import { onTestFinished } from 'vitest'
import { openReader } from '../../open-store.ts'
import { type Counts, type Engine, kinds } from '../../testing/contract/engine.ts'
import { lookupsOf } from './lookups.ts'
import { tableOf } from './tables.ts'
import { openUntilEnd, tempStore } from './temp-store.ts'

export const sqliteEngine: Engine = {
  name: 'SQLite',
  create: async options => {
    const { store, file, rows } = await tempStore(options)
    const countOf = (table: string): number => rows<{ n: number }>(`SELECT count(*) n FROM ${table}`)[0]!.n
    return {
      store,
      location: file,
      open: differing => openUntilEnd(file, differing),
      openReader: async () => {
        const reader = await openReader(file)
        onTestFinished(() => reader.close())
        return reader
      },
      counts: async () => Object.fromEntries(kinds.map(kind => [kind, countOf(tableOf[kind])])) as Counts,
      lookupsOf: act =>
        lookupsOf(act, ({ source, values }) =>
          rows<{ detail: string }>(`EXPLAIN QUERY PLAN ${source}`, ...values).map(({ detail }) => detail),
        ),
      ensureSound: async () => {
        const damage = [...rows('PRAGMA integrity_check'), ...rows('PRAGMA foreign_key_check')]
        if (damage.length > 1 || damage[0]?.['integrity_check'] !== 'ok')
          throw new Error(`the file is damaged: ${JSON.stringify(damage)}`)
      },
    }
  },
}
