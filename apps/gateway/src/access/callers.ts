/** Somebody who may call, and by what they are known. */
export interface Caller {
  readonly name: string
  readonly token: string
}

/** Whose the jobs are of whoever calls without a name of their own. */
export const DEFAULT_CALLER = 'default'

/**
 * Reads `name:token,name:token`.
 * @returns undefined when it cannot be used: a name or a token comes twice, or a name is the default caller's
 */
export const parseCallers = (text: string): readonly Caller[] | undefined => {
  const entries = text
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')
  const callers = entries.flatMap(entry => {
    const [, name, token] = /^([A-Za-z0-9._-]{1,64}):(\S+)$/.exec(entry) ?? []
    return name === undefined || token === undefined || name === DEFAULT_CALLER ? [] : [{ name, token }]
  })
  const names = new Set(callers.map(({ name }) => name))
  const tokens = new Set(callers.map(({ token }) => token))
  return names.size < entries.length || tokens.size < entries.length ? undefined : callers
}

/** All who may call; empty: everybody, as the default caller. */
export const callersOf = (token: string | undefined, named: readonly Caller[]): readonly Caller[] =>
  token === undefined ? named : [{ name: DEFAULT_CALLER, token }, ...named]
