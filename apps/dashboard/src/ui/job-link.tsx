import { formatRoute } from '../router/route.ts'

const SHOWN_CHARACTERS = 8

/** The job, by the end of its id: the beginning is the time, and the same for many. */
export const JobLink = ({ id }: { readonly id: string }) => (
  <a class="id" href={formatRoute({ screen: 'jobs', id })} title={id}>
    …{id.slice(-SHOWN_CHARACTERS)}
  </a>
)
