import type { JobRecord } from '@foreman/store'
import type { Who } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { whenWritable } from '../intake/when-writable.ts'

/** Writes down what an operator did to a job or batch of somebody else. What somebody does to its own is nobody's business. */
export const noteIntervention = async (
  { store, now }: Pick<Context, 'store' | 'now'>,
  action: 'cancel' | 'retry' | 'redeliver',
  { id, caller }: Pick<JobRecord, 'id' | 'caller'>,
  who: Who,
): Promise<void> => {
  if (caller === who.caller) return
  const operation = { by: who.caller, action, subject: id, detail: { caller } }
  await whenWritable(() => store.operations.note(operation, now()))
}
