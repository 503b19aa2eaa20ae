import { mayChangeJobs, session } from '../../../api/session.ts'
import { useRoute } from '../../../router/navigation.ts'
import { OperationNotes } from '../../../steering/operation-notes.tsx'
import { useStore } from '../../../store/use-store.ts'
import { JobFilters } from './job-filters.tsx'
import { JobTable } from './job-table.tsx'
import { ListHead } from './list-head.tsx'
import { Many } from './many.tsx'
import './job-list.css'

/** Jobs, the newest first. */
export const JobList = () => {
  const { filters } = useRoute()
  const mayChange = useStore(session.state, mayChangeJobs)
  return (
    <>
      <ListHead />
      <OperationNotes />
      <JobFilters filters={filters} />
      {mayChange && <Many filters={filters} />}
      <JobTable filters={filters} />
    </>
  )
}
