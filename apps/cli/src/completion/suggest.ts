import { commands } from '../commands/commands.ts'
import { processes } from '../processes/processes.ts'
import { type Known, suggestionsFor } from './suggestions.ts'

/** Who waits for a completion does not wait for long. */
const PATIENCE_MS = 300
const MOST = 20
/** Shells treat other characters in ways of their own. */
const PLAIN = /^[\w.:/@+-]+$/

/** Prints what may come next on a command line, a line each. It says nothing else, whatever goes wrong. */
export const suggest = async (words: readonly string[]): Promise<void> => {
  const current = words.at(-1) ?? ''
  const rows = [...processes.map(each => ({ usage: each.words.join(' ') })), ...commands]
  const { words: fixed, known } = suggestionsFor(rows, words.slice(0, -1), current)
  const asked = known === undefined ? [] : await namesOf(known).catch(() => [])
  for (const word of [...fixed, ...asked]) if (word.startsWith(current) && PLAIN.test(word)) console.log(word)
  // A connection that still waits for its answer is not waited for.
  process.exit()
}

const namesOf = async (known: Known): Promise<string[]> => {
  const { Connection } = await import('../connection/connection.ts')
  const { client } = new Connection({}, process.env)
  const signal = AbortSignal.timeout(PATIENCE_MS)
  switch (known) {
    case 'models':
      return (await client.tags({ signal })).models.map(({ name }) => name.replace(/:latest$/, ''))
    case 'jobs':
      return firstOf(client.jobs({ pageSize: MOST }, { signal }))
    case 'batches':
      return firstOf(client.batches.list({ pageSize: MOST, signal }))
  }
}

const firstOf = async (found: AsyncIterable<{ readonly id: string }>): Promise<string[]> => {
  const ids: string[] = []
  for await (const { id } of found) if (ids.push(id) === MOST) break
  return ids
}
