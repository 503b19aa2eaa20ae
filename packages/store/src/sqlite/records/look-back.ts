import type { JobConditions } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { prepareLookBack } from '../seq-steps.ts'
import { foundBy } from './found-by.ts'
import { prepareRange } from './range.ts'

export const prepareLookBackAtJobs = (connection: Connection) => {
  const rangeOf = prepareRange(connection)
  const lookBack = prepareLookBack(connection, 'jobs')

  return (numbers: number, conditions: JobConditions) =>
    foundBy(conditions).isDirect ? undefined : lookBack(numbers, rangeOf(conditions))
}
