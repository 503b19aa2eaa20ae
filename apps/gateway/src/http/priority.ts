import { priorities, type Priority } from '@foreman/jobs'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** The priority of the jobs of a token that has none of its own. */
const USUAL: Priority = 'normal'

/** Tasks of Open WebUI on which a person's answer waits. */
const WAITED_FOR = new Set([
  'query_generation',
  'function_calling',
  'context_compaction',
  'moa_response_generation',
  'image_prompt_generation',
  'autocomplete_generation',
])

const isWaitedFor = (task: string | string[]): boolean => WAITED_FOR.has(String(task))

/** Whether one priority is more urgent than another. */
const isAbove = (one: Priority, other: Priority): boolean =>
  priorities.indexOf(one) < priorities.indexOf(other)

const isPriority = (text: string): text is Priority => priorities.some(priority => priority === text)

/**
 * The priority of the job that a request becomes: what `X-Foreman-Priority` asks for, or else that of the caller's token. A
 * request with `X-Foreman-Task` is one that an application makes for itself, such as a title: nobody waits for it, so it is
 * `low`, unless it says otherwise or its task is one for which somebody waits.
 *
 * @param ofToken the priority of the token's jobs, and the most urgent one that they may have. Undefined: it has none of its own
 * @throws Refusal with 400 when the header names no priority, or one above that of the token
 */
export const priorityOf = (
  { headers }: Pick<IncomingMessage, 'headers'>,
  ofToken: Priority | undefined,
): Priority => {
  const { 'x-foreman-priority': wish, 'x-foreman-task': task } = headers
  if (wish === undefined) return task && !isWaitedFor(task) ? 'low' : (ofToken ?? USUAL)
  if (typeof wish !== 'string' || !isPriority(wish))
    throw new Refusal(
      400,
      `X-Foreman-Priority must be ${priorities.slice(0, -1).join(', ')} or ${priorities.at(-1)}`,
    )
  if (ofToken !== undefined && isAbove(wish, ofToken))
    throw new Refusal(400, `X-Foreman-Priority: ${wish} is above the priority of this token, ${ofToken}`)
  return wish
}

/** The priority of a job that was submitted as JSON, with the same rules. Undefined: the token may not have it. */
export const priorityWithin = (
  wish: Priority | undefined,
  ofToken: Priority | undefined,
): Priority | undefined => {
  if (wish === undefined) return ofToken ?? USUAL
  return ofToken !== undefined && isAbove(wish, ofToken) ? undefined : wish
}
