import type { Priority } from '@foreman/jobs'
import type { Response } from 'express'
import { Refusal } from '../http/refusal.ts'

/** A caller sees its own jobs, a viewer sees everything but content and does nothing, an operator sees and does everything. */
export type Role = 'caller' | 'viewer' | 'operator'

/** Who has sent a request. `requireToken` decides it, once for each request. */
export interface Who {
  readonly role: Role
  /** The owner of the jobs that it submits. */
  readonly caller: string
  /** The priority of its jobs, and the most urgent one that it may ask for. Undefined: normal, and any. */
  readonly priority?: Priority | undefined
}

export const setWho = ({ locals }: Response, who: Who): void => {
  locals['who'] = who
}

/** `requireToken` must have run. */
export const whoOf = ({ locals }: Response): Who => locals['who'] as Who

/** What somebody sees of a job. `outline`: that it is there, and how it goes, but no content. */
export type Sight = 'nothing' | 'outline' | 'everything'

/** Whether an operator sees the content of jobs that are not its own. */
export type Reveal = 'on' | 'off'

export const sightOf = ({ role, caller }: Who, owner: string, reveal: Reveal): Sight => {
  if (role === 'viewer') return 'outline'
  if (owner === caller) return 'everything'
  if (role === 'caller') return 'nothing'
  return reveal === 'on' ? 'everything' : 'outline'
}

/** Why somebody sees what is a caller's in outline only. */
export const whyOutline = ({ role }: Who): string =>
  role === 'viewer'
    ? 'a viewer sees no content (FOREMAN_VIEWER_TOKEN)'
    : "an operator does not see the content of callers' jobs here (FOREMAN_REVEAL)"

/** The owner whose jobs are listed for somebody; undefined: everybody's are. */
export const ownerListedFor = ({ role, caller }: Who): string | undefined =>
  role === 'caller' ? caller : undefined

/** @throws Refusal with 403 */
export const ensureNoViewer = ({ role }: Who): void => {
  if (role === 'viewer') throw new Refusal(403, 'a viewer may only read (FOREMAN_VIEWER_TOKEN)')
}
