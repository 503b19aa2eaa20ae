/** Where somebody is on the page: a screen, perhaps a thing on it, and what it is filtered by. All of it stands in the URL. */
export interface Route {
  readonly screen: string
  /** The id of the thing that the screen is about, such as `job_…`. */
  readonly id?: string
  readonly filters: Filters
}

export type Filters = Readonly<Record<string, string>>

/** @param hash such as `#/jobs/job_1?state=queued` */
export const parseRoute = (hash: string): Route => {
  const [pathname = '', query = ''] = hash.replace(/^#?\/?/, '').split('?')
  const [screen = '', ...rest] = pathname.split('/')
  const id = rest.map(decode).join('/')
  return {
    screen,
    ...(id !== '' && { id }),
    filters: Object.fromEntries(new URLSearchParams(query)),
  }
}

/** The hash of a route. Filters without a value are left out. */
export const formatRoute = ({ screen, id, filters }: Partial<Route>): string => {
  const given = Object.entries(filters ?? {}).filter(([, value]) => value !== '')
  const query = given.length === 0 ? '' : `?${new URLSearchParams(given)}`
  return `#/${screen ?? ''}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${query}`
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
