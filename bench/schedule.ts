import fs from 'node:fs'
import path from 'node:path'
import type { BenchOptions } from './options.ts'
import { cases } from './schedule/cases.ts'
import { compare, plot, tables, withTables } from './schedule/document.ts'

const docs = path.join(import.meta.dirname, '../docs')
export const documentFile = path.join(docs, 'scheduling.md')
export const plotFile = path.join(docs, 'scheduling.svg')

/**
 * Simulates what different orders make of the same arrivals, on a clock of its own: the policy of foreman is the function that
 * the worker calls. Writes the tables and the plot of docs/scheduling.md, unless it is quick.
 */
export const schedule = async ({ quick }: Pick<BenchOptions, 'quick'>) => {
  const measured = cases.map(one => compare(one, quick ? [1] : undefined))
  const text = tables(measured)
  if (!quick) {
    fs.writeFileSync(documentFile, withTables(fs.readFileSync(documentFile, 'utf8'), text))
    fs.writeFileSync(plotFile, plot(measured))
  }
  return { measured, text }
}
