import type { JobPage } from '@foreman/jobs'
import { useRef } from 'preact/hooks'
import { api } from '../../../api/api.ts'
import { serverNow } from '../../../live/live.ts'
import { useNews } from '../../../live/use-news.ts'
import { useResource } from '../../../live/use-resource.ts'
import type { Filters } from '../../../router/route.ts'
import { useSettled } from '../../../ui/use-settled.ts'
import { queryOf } from './filters.ts'
import { type HeldPage, holdPage, newPage } from './held-page.ts'

const PAGE_JOBS = 50
const MOST_JOBS = 500
/** The server spends at most so much of its time on the list. */
const SHARE = 0.02

/** The page of the list that the URL means. It is kept up to date, but its rows move only when somebody asks for the latest. */
export const usePage = (filters: Filters) => {
  const key = useSettled(JSON.stringify(filters))
  const held = useRef<{ key: string; latest: JobPage; page: HeldPage }>(undefined)
  const wantsLatest = useRef(false)
  const tookMs = useRef(0)
  const { value, error, reload } = useResource(key, async signal => {
    const begun = performance.now()
    const settled = JSON.parse(key) as Filters
    // New jobs push those that are shown to the end.
    const isHeld = held.current?.key === key && !wantsLatest.current
    const arrived = isHeld ? held.current!.page.arrived : 0
    const limit = Math.min(MOST_JOBS, PAGE_JOBS * (1 + Math.ceil(arrived / PAGE_JOBS)))
    const query = { ...queryOf(settled, serverNow()), cursor: settled['cursor'], limit }
    const latest = await api.get<JobPage>('/jobs', query, signal)
    tookMs.current = performance.now() - begun
    return latest
  })
  useNews(reload, Math.max(2_000, tookMs.current / SHARE))
  if (value && held.current?.latest !== value) {
    const isHeld = held.current?.key === key && !wantsLatest.current
    const page = isHeld ? holdPage(held.current!.page, value) : newPage(value, PAGE_JOBS)
    wantsLatest.current = false
    held.current = { key, latest: value, page }
  }
  const showLatest = () => {
    wantsLatest.current = true
    reload()
  }
  return {
    page: held.current?.page,
    /** What is shown is what was asked for before. */
    isOld: held.current !== undefined && (held.current.key !== key || key !== JSON.stringify(filters)),
    error,
    reload,
    showLatest,
  }
}
