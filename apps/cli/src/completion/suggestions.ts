import { priorities } from '@foreman/jobs'
import type { Command, OptionTable } from '../command-line/command.ts'
import { sharedFlags } from '../command-line/shared-flags.ts'

/** What has to be asked for: names that only foreman knows. */
export type Known = 'models' | 'jobs' | 'batches'

/** What may come next on a command line. */
export interface Suggestions {
  readonly words: readonly string[]
  readonly known?: Known
}

type Row = Pick<Command, 'usage'> & Partial<Pick<Command, 'options'>>

/** The words of a usage before those that the command takes. */
const literalOf = ({ usage }: Row): string[] => usage.split(' ').filter(word => /^\w/.test(word))

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
  const row = rows.find(each => literalOf(each).every((word, at) => words[at] === word))
  if (!row) return { words: nextWords(rows, words) }
  const { options = {} } = row
  const all: OptionTable = { ...options, ...sharedFlags }
  const flag = /^--?(.+)$/.exec(before.at(-1) ?? '')?.[1]
  const given = flag === undefined ? undefined : Object.entries(all).find(([name]) => name === flag)?.[1]
  if (flag !== undefined && given && given.type !== 'boolean') return valuesOf(flag, given.choices, row)
  if (current.startsWith('-'))
    return { words: Object.keys(all).flatMap(name => (isWord(row, name) ? [] : [`--${name}`])) }
  const [taken] = [...row.usage.matchAll(/[[<](\w+)/g)]
    .map(([, name = '']) => name)
    .slice(words.length - literalOf(row).length)
  const last = [...row.usage.matchAll(/[[<](\w+)\.\./g)].at(-1)?.[1]
  const name = taken ?? last
  return name === undefined ? { words: [] } : valuesOf(name, options[name]?.choices, row)
}

const nextWords = (rows: readonly Row[], words: readonly string[]): string[] => {
  const next = rows.map(literalOf).filter(literal => words.every((word, at) => literal[at] === word))
  return [...new Set(next.flatMap(literal => literal[words.length] ?? []))]
}

/** Whether it is a word that the command takes, and not a flag. */
const isWord = ({ usage }: Row, name: string): boolean => new RegExp(`[[<]${name}(\\.\\.)?[\\]>]`).test(usage)

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
