import { canonicalModelName } from '@foreman/ollama-client'
import type { JobConditions } from '@foreman/store'
import type { z } from 'zod'
import { ownerListedFor, type Who } from '../access/roles.ts'
import type { JobQuery } from './schemas.ts'

type Asked = Pick<z.output<typeof JobQuery>, 'state' | 'model' | 'caller' | 'priority' | 'code' | 'since'>

/** Which jobs somebody means. Undefined: those of somebody else, who is none of its business. */
export const conditionsOf = (
  { state, model, caller, priority, code, since }: Asked,
  who: Who,
): JobConditions | undefined => {
  const own = ownerListedFor(who)
  if (own !== undefined && caller !== undefined && caller !== own) return undefined
  return {
    caller: own ?? caller,
    state,
    modelName: model === undefined ? undefined : (canonicalModelName(model) ?? model),
    priority,
    errorCode: code,
    since: since === undefined ? undefined : Date.parse(since),
  }
}

/** Whether jobs are found without looking at others: by one index, or because there are few of them. */
export const areFoundDirectly = ({
  caller,
  state,
  modelName,
  priority,
  errorCode,
}: JobConditions): boolean => {
  if (state === 'running') return true
  const given = [caller, state, modelName].filter(each => each !== undefined)
  return given.length <= 1 && priority === undefined && errorCode === undefined
}
