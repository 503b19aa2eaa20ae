import { Empty } from './note.tsx'
import { RelativeTime } from './time.tsx'

interface PageEndProps {
  readonly rows: number
  /** How far the server has looked, if that is not all the way. */
  readonly searchedTo: string | undefined
  readonly isLast: boolean
  /** What was looked for, in words. */
  readonly what: string
}

/** What the end of a page means: nothing, nothing more, or nothing more as far as the server has looked. */
export const PageEnd = ({ rows, searchedTo, isLast, what }: PageEndProps) => {
  if (searchedTo !== undefined)
    return (
      <p class="muted page-end">
        {rows === 0 ? 'None found' : 'No more found'} among those since <RelativeTime at={searchedTo} />
        {isLast ? '.' : '. The next page looks further back.'}
      </p>
    )
  return rows > 0 ? null : <Empty>There are no {what}.</Empty>
}
