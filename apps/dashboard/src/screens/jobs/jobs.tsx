import { useRoute } from '../../router/navigation.ts'
import { JobScreen } from './job/job-screen.tsx'
import { JobList } from './list/job-list.tsx'

/** All jobs, or the one whose id stands in the URL. */
export const Jobs = () => {
  const { id } = useRoute()
  return id === undefined ? <JobList /> : <JobScreen key={id} id={id} />
}
