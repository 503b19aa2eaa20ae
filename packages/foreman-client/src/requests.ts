import type { JobQuery, Submission } from './types.ts'

/** A submission as JSON on one line. */
export const submissionLine = ({ maxAttempts, deadline, ...rest }: Submission): string =>
  JSON.stringify({ max_attempts: maxAttempts, deadline, ...rest })

/** The query string for one page of jobs. */
export const searchOf = ({ pageSize, since, ...filters }: JobQuery, cursor: string | undefined): string => {
  const search = new URLSearchParams()
  const wanted = { ...filters, since: since?.toISOString(), limit: pageSize?.toString(), cursor }
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) search.set(name, value)
  return search.toString()
}
