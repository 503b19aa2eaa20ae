import type { Priority } from '@foreman/jobs'
import { priorityWithin } from '../http/priority.ts'
import { invalid } from '../http/validate.ts'

/**
 * When a deadline is, in ms since the epoch.
 *
 * @param after it must be later than this
 * @throws Refusal with 422
 */
export const deadlineIn = (deadline: string, after: number): number => {
  const at = Date.parse(deadline)
  if (at <= after) throw invalid('/deadline', 'must be in the future')
  return at
}

/** The priority that a job gets. @throws Refusal with 422 when the token may not have it */
export const priorityFor = (wish: Priority | undefined, ofToken: Priority | undefined): Priority => {
  const priority = priorityWithin(wish, ofToken)
  if (priority === undefined) throw invalid('/priority', `must not be above that of the token, ${ofToken}`)
  return priority
}
