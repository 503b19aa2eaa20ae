import type { Priority } from '@foreman/jobs'
import { parseToken } from '@foreman/process'
import { listEntries } from './list-entries.ts'

/** Somebody who may call foreman, with the token that identifies them. */
export interface Caller {
  readonly name: string
  readonly token: string
  /** The priority of its jobs, and the most urgent one that it may ask for. Undefined: normal, and any. */
  readonly priority?: Priority
}

/** The owner of jobs that are submitted without a named token. */
export const DEFAULT_CALLER = 'default'

/**
 * Reads `name:token,name:token:priority`.
 *
 * @returns undefined when an entry cannot be read, when a name or a token occurs twice, when a name is `default`, or
 *   when a text that is not empty has no entry
 */
export const parseCallers = (text: string): readonly Caller[] | undefined => {
  const entries = listEntries(text)
  const callers = entries.flatMap(entry => {
    const [, name, token, priority] =
      /^([A-Za-z0-9._-]{1,64}):(\S+?)(?::(high|normal|low))?$/.exec(entry) ?? []
    const isUsable = name !== DEFAULT_CALLER && token !== undefined && !SEPARATED.test(token)
    if (name === undefined || !isUsable || !parseToken(token)) return []
    return [priority === undefined ? { name, token } : { name, token, priority: priority as Priority }]
  })
  // Without callers, everybody may call. Nobody means that by a comma.
  if (entries.length === 0 && text !== '') return undefined
  const names = new Set(callers.map(({ name }) => name))
  const tokens = new Set(callers.map(({ token }) => token))
  return names.size < entries.length || tokens.size < entries.length ? undefined : callers
}

/** A token that goes on with another caller: the entries were not separated by commas. */
const SEPARATED = /[;|][A-Za-z0-9._-]{1,64}:/

/** All callers. If the list is empty, everybody may call, as the default caller. */
export const callersOf = (token: string | undefined, named: readonly Caller[]): readonly Caller[] =>
  token === undefined ? named : [{ name: DEFAULT_CALLER, token }, ...named]
