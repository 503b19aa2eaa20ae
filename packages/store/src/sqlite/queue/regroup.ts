import type { Queue } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { and, eq, sql, value } from '../drizzle.ts'
import { jobs } from '../schema.ts'
import { reads, type Writes } from '../verbs.ts'

export const prepareRegroup = ({ db }: Connection, writes: Writes): Queue['regroup'] => {
  const isQueuedOfModel = and(eq(jobs.state, sql`'queued'`), eq(jobs.modelName, sql.placeholder('modelName')))
  const selectGroups = db
    .selectDistinct({ loadOptions: jobs.loadOptions, groupKey: jobs.groupKey })
    .from(jobs)
    .where(isQueuedOfModel)
    .prepare()
  const moveToGroup = db
    .update(jobs)
    .set({ groupKey: value('right') })
    .where(
      and(
        isQueuedOfModel,
        eq(jobs.loadOptions, sql.placeholder('loadOptions')),
        eq(jobs.groupKey, sql.placeholder('groupKey')),
      ),
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
