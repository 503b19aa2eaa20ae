import { type Caller, callersOf, DEFAULT_CALLER } from './callers.ts'
import type { Who } from './roles.ts'

/** Somebody who may come in, and the token that shows who it is. */
export interface Identity extends Who {
  readonly token: string
}

/** The tokens of the settings. */
export interface Tokens {
  readonly token: string | undefined
  readonly tokens: readonly Caller[]
  readonly operatorToken: string | undefined
  readonly viewerToken: string | undefined
}

/** The owner of the jobs that are submitted with the operator's token. */
export const OPERATOR = 'operator'

/**
 * Everybody who has a token. A caller who is alone is the operator, too. If the list is empty, everybody may call, as
 * `ANYBODY`.
 */
export const identitiesOf = ({ token, tokens, operatorToken, viewerToken }: Tokens): readonly Identity[] => {
  const callers = callersOf(token, tokens)
  const role = callers.length === 1 && operatorToken === undefined ? 'operator' : 'caller'
  return [
    ...callers.map(({ name, ...rest }): Identity => ({ ...rest, caller: name, role })),
    ...(operatorToken === undefined
      ? []
      : [{ caller: OPERATOR, role: 'operator', token: operatorToken } as const]),
    // It submits no jobs, so no job has this owner because of it.
    ...(viewerToken === undefined ? [] : [{ caller: 'viewer', role: 'viewer', token: viewerToken } as const]),
  ]
}

/** Who sends a request where there are no tokens. */
export const ANYBODY: Who = { caller: DEFAULT_CALLER, role: 'operator' }

/** The names of those with whose tokens jobs can be submitted. */
export const submittersOf = (identities: readonly Identity[]): readonly string[] =>
  identities.flatMap(({ role, caller }) => (role === 'viewer' ? [] : caller))
