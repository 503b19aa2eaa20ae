import { examineSqlite } from './sqlite/examine/examine.ts'
import type { StoreExamination } from './values.ts'

/**
 * Looks at a store from the outside, also at one that cannot be used. It changes nothing of it.
 *
 * @param isDeep also looks for damage in all of it
 */
export const examineStore = (location: string, options: { readonly isDeep: boolean }): StoreExamination =>
  examineSqlite(location, options)
