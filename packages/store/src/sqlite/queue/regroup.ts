import type { Queue } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, value } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'
import { reads, type Writes } from '../verbs.ts'

export const prepareRegroup = ({ db }: Connection, writes: Writes): Queue['regroup'] => {
  const isQueuedOfModel = and(inState('queued'), eq(jobs.modelName, given('modelName')))
  const selectGroups = db
    .selectDistinct({ loadOptions: jobs.loadOptions, groupKey: jobs.groupKey })
    .from(jobs)
    .where(isQueuedOfModel)
    .prepare()
  const moveToGroup = db
    .update(jobs)
    .set({ groupKey: value('right') })
    .where(
      and(isQueuedOfModel, eq(jobs.loadOptions, given('loadOptions')), eq(jobs.groupKey, given('groupKey'))),
    )
    .prepare()

  const groupsOf = reads((modelName: string) => selectGroups.all({ modelName }))

  return async (modelName, groupKeyOf) => {
    const misplaced = (await groupsOf(modelName)).flatMap(({ loadOptions, groupKey }) => {
      const right = groupKeyOf(loadOptions)
      return right === undefined || right === groupKey ? [] : [{ modelName, loadOptions, groupKey, right }]
    })
    if (misplaced.length > 0)
      await writes.write('normal', () => misplaced.forEach(each => moveToGroup.run(each)))
    return misplaced.length > 0
  }
}
