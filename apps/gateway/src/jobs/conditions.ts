import { canonicalModelName } from '@foreman/ollama-client'
import type { JobConditions } from '@foreman/store'
import type { z } from 'zod'
import { ownerListedFor, type Reveal, sightOf, type Who, whyOutline } from '../access/roles.ts'
import { problem } from '../http/refusal.ts'
import type { JobQuery } from './schemas.ts'

interface OwnedSince {
  readonly caller?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** Whose jobs or messages somebody means, and of what time. Undefined: those of somebody else, who is none of its business. */
export const whoseAndWhen = (
  { caller, since, until }: OwnedSince,
  who: Who,
): Pick<JobConditions, 'caller' | 'since' | 'until'> | undefined => {
  const own = ownerListedFor(who)
  if (own !== undefined && caller !== undefined && caller !== own) return undefined
  return { caller: own ?? caller, since: msOf(since), until: msOf(until) }
}

const msOf = (time: string | undefined): number | undefined =>
  time === undefined ? undefined : Date.parse(time)

type Asked = Omit<z.output<typeof JobQuery>, 'limit' | 'cursor'>

/** No caller has an empty name. */
const ANYBODY = ''

/**
 * Whoever does not see metadata must not find out by a filter what is in it.
 *
 * @throws Refusal with 403
 */
const ensureMetadataIsSeen = (owner: string | undefined, who: Who, reveal: Reveal): void => {
  if (sightOf(who, owner ?? ANYBODY, reveal) !== 'everything')
    throw problem(403, 'forbidden', whyOutline(who))
}

/**
 * Which jobs somebody means. Undefined: those of somebody else.
 *
 * @throws Refusal with 403 when it asks for the metadata of jobs that it sees in outline only
 */
export const conditionsOf = (
  { state, model, priority, code, batch, meta, ...asked }: Asked,
  who: Who,
  reveal: Reveal,
): JobConditions | undefined => {
  const owned = whoseAndWhen(asked, who)
  if (!owned) return undefined
  if (meta) ensureMetadataIsSeen(owned.caller, who, reveal)
  return {
    ...owned,
    state,
    modelName: model === undefined ? undefined : (canonicalModelName(model) ?? model),
    priority,
    errorCode: code,
    batch,
    metadata: meta && textsOf(meta),
  }
}

/** Values as they would stand in a query. */
const textsOf = (meta: NonNullable<Asked['meta']>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
