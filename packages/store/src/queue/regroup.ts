import type { Connection } from '../connection.ts'
import { and, eq, sql, value } from '../drizzle.ts'
import { jobs } from '../schema.ts'

export const prepareRegroup = (connection: Connection) => {
  const { db } = connection
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

  return (modelName: string, groupKeyOf: (loadOptions: string) => string | undefined): boolean => {
    const misplaced = selectGroups.all({ modelName }).flatMap(({ loadOptions, groupKey }) => {
      const right = groupKeyOf(loadOptions)
      return right === undefined || right === groupKey ? [] : [{ modelName, loadOptions, groupKey, right }]
    })
    if (misplaced.length > 0)
      connection.write('normal', () => misplaced.forEach(each => moveToGroup.run(each)))
    return misplaced.length > 0
  }
}
