import type { ClaimRequest } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, atMost, eq, given, isNull } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'

/** The job of a line that is to be claimed next. */
export interface NextOfLine {
  readonly seq: number
  readonly modelName: string
  /** Whether it may run only while no other job runs. */
  readonly runsAlone: boolean
}

const columns = { seq: jobs.seq, modelName: jobs.modelName, runsAlone: jobs.runsAlone }
const isReadyInGroup = and(
  inState('queued'),
  isNull(jobs.availableAt),
  isNull(jobs.arrival),
  eq(jobs.groupKey, given('groupKey')),
)

/** Finds the oldest ready job of a line, or of one of its senders. The job `awaited` comes before it, if it is ready and of this group. */
export const prepareNextOfLine = ({ db }: Connection) => {
  const selectFirst = db
    .select(columns)
    .from(jobs)
    .where(and(isReadyInGroup, eq(jobs.priority, given('priority'))))
    .orderBy(asc(jobs.place))
    .limit(atMost(1))
    .prepare()
  const selectFirstOf = db
    .select(columns)
    .from(jobs)
    .where(
      and(
        isReadyInGroup,
        eq(jobs.priority, given('priority')),
        eq(jobs.account, given('account')),
        eq(jobs.sender, given('sender')),
      ),
    )
    .orderBy(asc(jobs.place))
    .limit(atMost(1))
    .prepare()
  const selectAwaited = db
    .select(columns)
    .from(jobs)
    .where(and(eq(jobs.seq, given('seq')), isReadyInGroup))
    .prepare()

  return ({
    groupKey,
    priority,
    of,
    awaited,
  }: Pick<ClaimRequest, 'groupKey' | 'priority' | 'of' | 'awaited'>): NextOfLine | undefined =>
    (awaited === undefined ? undefined : selectAwaited.get({ groupKey, seq: awaited })) ??
    (of ? selectFirstOf.get({ groupKey, priority, ...of }) : selectFirst.get({ groupKey, priority }))
}
