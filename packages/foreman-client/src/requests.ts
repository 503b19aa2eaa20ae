import type { DeliveryQuery, JobQuery, Submission } from './types.ts'

/** A submission as JSON on one line. */
export const submissionLine = ({ maxAttempts, deadline, ...rest }: Submission): string =>
  JSON.stringify({ max_attempts: maxAttempts, deadline, ...rest })

type Values = Readonly<Record<string, string | number | boolean | Date | null | undefined>>

/** The query string for one page. */
export const searchOf = (
  { pageSize, ...filters }: Omit<JobQuery, 'meta'> | DeliveryQuery,
  more: Values,
): string => {
  const search = new URLSearchParams()
  const wanted: Values = { ...filters, limit: pageSize, ...more }
  for (const [name, value] of Object.entries(wanted))
    if (value !== undefined) search.set(name, value instanceof Date ? value.toISOString() : String(value))
  return search.toString()
}

/** The parameters for what the metadata of jobs has. */
export const metadataIs = (meta: JobQuery['meta'] = {}): Values =>
  Object.fromEntries(Object.entries(meta).map(([name, value]) => [`meta.${name}`, value]))
