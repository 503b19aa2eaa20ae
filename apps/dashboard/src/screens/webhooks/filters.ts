import type { Query } from '../../api/api.ts'
import type { Filters } from '../../router/route.ts'
import { sinceInWords, timeOfSince } from '../../ui/since-filter.ts'

/** Which webhooks are meant, as `GET /deliveries` is asked for them. */
export const queryOf = ({ state, ...filters }: Filters, now: number): Query => ({
  state,
  before: filters['cursor'],
  ...deadFilterOf(filters, now),
})

/** Which dead webhooks are meant, as they are sent again. */
export const deadFilterOf = ({ host, caller, since }: Filters, now: number): Record<string, string> => ({
  ...(host?.trim() && { host: host.trim() }),
  ...(caller?.trim() && { caller: caller.trim() }),
  ...(since && { since: timeOfSince(since, now) }),
})

/** Which dead webhooks are meant, in words. */
export const deadInWords = ({ host, caller, since }: Filters): string =>
  ['dead webhooks', host && `to ${host}`, caller && `of ${caller}`, since && sinceInWords(since)]
    .filter(Boolean)
    .join(' ')
