import type { DeliveryQuery, JobQuery, Submission } from './types.ts'

/** A submission as JSON on one line. */
export const submissionLine = ({ maxAttempts, deadline, ...rest }: Submission): string =>
  JSON.stringify({ max_attempts: maxAttempts, deadline, ...rest })

/** The query string for one page. */
export const searchOf = (
  { pageSize, ...filters }: JobQuery | DeliveryQuery,
  cursor: { readonly cursor?: string | undefined; readonly before?: string | undefined },
): string => {
  const search = new URLSearchParams()
  const wanted = { ...filters, limit: pageSize, ...cursor }
  for (const [name, value] of Object.entries(wanted))
    if (value !== undefined) search.set(name, value instanceof Date ? value.toISOString() : String(value))
  return search.toString()
}
