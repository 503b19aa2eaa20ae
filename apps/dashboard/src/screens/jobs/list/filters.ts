import type { Query } from '../../../api/api.ts'
import type { Filters } from '../../../router/route.ts'
import { sinceInWords, timeOfSince } from '../../../ui/since-filter.ts'

const NAMES = ['state', 'model', 'caller', 'priority', 'code', 'batch'] as const
const META = 'meta.'

/** Which jobs are meant, as `GET /jobs` is asked for them. The page of the list is none of it. */
export const queryOf = (filters: Filters, now: number): Query => ({
  ...Object.fromEntries(NAMES.map(name => [name, filters[name]?.trim()])),
  ...(filters['since'] && { since: timeOfSince(filters['since'], now) }),
  ...Object.fromEntries(metadataOf(filters).map(([name, value]) => [META + name, value])),
})

/** Which jobs are meant, as `POST /jobs/actions` is told. */
export const actionFilterOf = (filters: Filters, now: number): Record<string, unknown> => {
  const given = NAMES.flatMap(name => (filters[name]?.trim() ? [[name, filters[name].trim()]] : []))
  const metadata = metadataOf(filters)
  return {
    ...Object.fromEntries(given),
    ...(filters['since'] && { since: timeOfSince(filters['since'], now) }),
    ...(metadata.length > 0 && { meta: Object.fromEntries(metadata) }),
  }
}

const metadataOf = (filters: Filters): (readonly [name: string, value: string])[] =>
  Object.entries(filters).flatMap(([name, value]) =>
    name.startsWith(META) && name.length > META.length && value !== ''
      ? [[name.slice(META.length), value] as const]
      : [],
  )

/** Which jobs are meant, in words: `failed jobs of alpha, called by ann`. */
export const jobsInWords = (filters: Filters): string => {
  const { state, model, caller, priority, code, batch, since } = filters
  const kind = [priority && `${priority}-priority`, state].filter(Boolean).join(' ')
  const parts = [
    model && `of ${model}`,
    caller && `called by ${caller}`,
    code && `that ended with ${code}`,
    batch && `of ${batch}`,
    since && sinceInWords(since),
    ...metadataOf(filters).map(([name, value]) => `whose ${name} is ${value}`),
  ].filter(Boolean)
  return [kind === '' ? 'jobs' : `${kind} jobs`, parts.join(', ')].filter(Boolean).join(' ')
}

/** The metadata of the filters as somebody types it: `document=4711 page=7`. */
export const metadataText = (filters: Filters): string =>
  metadataOf(filters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')

/** What has to change in the filters when somebody has typed that. What has no `=` yet is not meant yet. */
export const metadataChanges = (text: string, filters: Filters): Filters => {
  const dropped = metadataOf(filters).map(([name]) => [META + name, ''])
  const given = text.split(/\s+/).flatMap(part => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(part) ?? []
    return name === undefined ? [] : [[META + name, value!]]
  })
  return Object.fromEntries([...dropped, ...given])
}
