import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { UsageError } from '../failures/usage-error.ts'

/**
 * The ids that are given. In place of `-` stand those of stdin: a line each, with an id as its first word, or with a job as JSON, as
 * `foreman jobs ls --json` prints them.
 *
 * @throws UsageError when there is none
 */
export const readIds = async (given: readonly string[], stdin: Readable): Promise<string[]> => {
  const ids: string[] = []
  for (const word of given) {
    if (word !== '-') ids.push(word)
    else for await (const line of createInterface({ input: stdin })) ids.push(...idIn(line))
  }
  // A pipe may bring none.
  if (given.length === 0) throw new UsageError('say which: give ids, or - to read them from stdin')
  return [...new Set(ids)]
}

const idIn = (line: string): string[] => {
  const [word] = line.trim().split(/\s/)
  if (!word) return []
  return word.startsWith('{') ? [idOf(line)] : [word]
}

const idOf = (line: string): string => {
  try {
    const { id } = JSON.parse(line) as { readonly id?: unknown }
    if (typeof id === 'string') return id
  } catch {
    // Said below.
  }
  throw new UsageError('a line of stdin is JSON without an id: give a job in each line')
}
