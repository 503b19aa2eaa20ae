import type { Job } from '@foreman/jobs'
import { count } from '../../../format/number.ts'
import { goTo } from '../../../router/navigation.ts'
import type { Filters } from '../../../router/route.ts'
import { Button } from '../../../ui/button.tsx'
import { ErrorNote } from '../../../ui/note.tsx'
import { PageEnd } from '../../../ui/page-end.tsx'
import { Pager } from '../../../ui/pager.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { Table } from '../../../ui/table.tsx'
import { columns } from './columns.tsx'
import { jobsInWords } from './filters.ts'
import type { HeldPage } from './held-page.ts'
import { usePage } from './use-page.ts'

const keyOf = ({ id }: Job): string => id

/** A page of the list. */
export const JobTable = ({ filters }: { readonly filters: Filters }) => {
  const { page, isOld, error, reload, showLatest } = usePage(filters)
  const to = (cursor: string) => goTo({ screen: 'jobs', filters: { ...filters, cursor } })
  const isFirst = !filters['cursor']
  return (
    <>
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      <Panel title="Jobs" aside={page && <News page={page} onAsked={showLatest} />}>
        {!page ? (
          error === undefined && <p class="muted">Looking …</p>
        ) : (
          <div class={isOld ? 'stale' : undefined}>
            {page.jobs.length > 0 && (
              <Table
                caption={`${jobsInWords(filters)}, the newest first`}
                columns={columns}
                rows={page.jobs}
                keyOf={keyOf}
                isGone={job => page.gone.has(job.id)}
              />
            )}
            <PageEnd
              rows={page.jobs.length}
              searchedTo={page.searchedTo}
              isLast={page.next === null}
              what={jobsInWords(filters)}
            />
            <Pager
              onPrevious={isFirst ? undefined : () => history.back()}
              onNext={page.next === null ? undefined : () => to(page.next!)}
            >
              {`${count(page.jobs.length)} shown${isFirst ? '' : ', from further back'}`}
            </Pager>
          </div>
        )}
      </Panel>
    </>
  )
}

const News = ({
  page: { arrived, gone },
  onAsked,
}: {
  readonly page: HeldPage
  readonly onAsked: () => void
}) => {
  if (arrived === 0 && gone.size === 0) return <span>up to date</span>
  const words = [
    ...(arrived > 0 ? [`${count(arrived)} new`] : []),
    ...(gone.size > 0 ? [`${count(gone.size)} no longer here`] : []),
  ]
  return (
    <>
      <span class="fresh">{words.join(', ')}</span>
      <Button onClick={onAsked}>Show the latest</Button>
    </>
  )
}
