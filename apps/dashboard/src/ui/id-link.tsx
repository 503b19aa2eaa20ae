import { formatRoute } from '../router/route.ts'

const SHOWN_CHARACTERS = 8

/** A thing that has a screen, by the end of its id: the beginning is the time, and the same for many. */
const IdLink = ({ screen, id }: { readonly screen: string; readonly id: string }) => (
  <a class="id" href={formatRoute({ screen, id })} title={id}>
    …{id.slice(-SHOWN_CHARACTERS)}
  </a>
)

export const JobLink = ({ id }: { readonly id: string }) => <IdLink screen="jobs" id={id} />
export const BatchLink = ({ id }: { readonly id: string }) => <IdLink screen="batches" id={id} />
