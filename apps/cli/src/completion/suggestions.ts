import { priorities } from '@foreman/jobs'
import type { Command, OptionTable } from '../command-line/command.ts'
import { sharedFlags } from '../command-line/shared-flags.ts'
import { usageOf } from '../command-line/usage.ts'

/** What has to be asked for: names that only foreman knows. */
export type Known = 'models' | 'jobs' | 'batches'

/** What may come next on a command line. */
export interface Suggestions {
  readonly words: readonly string[]
  readonly known?: Known
}

type Row = Pick<Command, 'usage'> & Partial<Pick<Command, 'options'>>

/**
 * What may come next.
 *
 * @param before the whole words that are there already
 * @param current the beginning of the next one
 */
export const suggestionsFor = (
  rows: readonly Row[],
  before: readonly string[],
  current: string,
): Suggestions => {
  const words = before.filter(word => !word.startsWith('-'))
  const row = rows.find(({ usage }) => usageOf(usage).literal.every((word, at) => words[at] === word))
  if (!row) return { words: nextWords(rows, words) }
  const { options = {} } = row
  const { literal, taken } = usageOf(row.usage)
  const all: OptionTable = { ...options, ...sharedFlags }
  const flag = /^--?(.+)$/.exec(before.at(-1) ?? '')?.[1]
  const given = flag === undefined ? undefined : Object.entries(all).find(([name]) => name === flag)?.[1]
  if (flag !== undefined && given && given.type !== 'boolean') return valuesOf(flag, given.choices, row)
  if (current.startsWith('-'))
    return {
      words: Object.keys(all).flatMap(name => (taken.some(word => word.name === name) ? [] : [`--${name}`])),
    }
  const next = taken[words.length - literal.length] ?? taken.find(({ isRepeated }) => isRepeated)
  return next ? valuesOf(next.name, options[next.name]?.choices, row) : { words: [] }
}

const nextWords = (rows: readonly Row[], words: readonly string[]): string[] => {
  const next = rows
    .map(({ usage }) => usageOf(usage).literal)
    .filter(literal => words.every((word, at) => literal[at] === word))
  return [...new Set(next.flatMap(literal => literal[words.length] ?? []))]
}

const valuesOf = (name: string, choices: readonly unknown[] | undefined, { usage }: Row): Suggestions => {
  if (choices) return { words: choices.map(String) }
  if (name === 'model') return { words: [], known: 'models' }
  if (name === 'subject') return { words: priorities, known: 'models' }
  if (name === 'priority') return { words: priorities }
  if (name === 'batch' || (name === 'id' && usage.startsWith('batches')))
    return { words: [], known: 'batches' }
  if (name === 'id' || name === 'ids' || name === 'job') return { words: [], known: 'jobs' }
  return { words: [] }
}
