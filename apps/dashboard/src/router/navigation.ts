import { createStore } from '../store/store.ts'
import { useStore } from '../store/use-store.ts'
import { type Filters, formatRoute, parseRoute, type Route } from './route.ts'

const route = createStore(parseRoute(location.hash))
window.addEventListener('hashchange', () => route.set(parseRoute(location.hash)))

/** Where the page is. */
export const useRoute = (): Route => useStore(route)

export const goTo = (to: Partial<Route>): void => {
  location.hash = formatRoute(to)
}

/** Changes filters in the URL, without a step in the history of the browser for each letter. */
export const setFilters = (changes: Filters): void => {
  const { screen, id, filters } = route.get()
  const next = { screen, ...(id !== undefined && { id }), filters: { ...filters, ...changes } }
  history.replaceState(null, '', formatRoute(next))
  route.set(parseRoute(location.hash))
}
