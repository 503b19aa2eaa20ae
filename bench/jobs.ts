import { backlog } from './backlog.ts'
import { claims } from './claims.ts'
import type { BenchOptions } from './options.ts'
import { pruning } from './pruning.ts'
import { webhooks } from './webhooks.ts'

/** Background jobs: how fast they are accepted, claimed, run, announced by webhooks and deleted, behind a backlog. */
export const jobs = async (options: BenchOptions) => {
  const { text: ofBacklog, ...backlogs } = await backlog(options)
  const { text: ofClaims, ...claimed } = await claims(options)
  const { text: ofWebhooks, ...announced } = await webhooks(options)
  const { text: ofDeletion, ...deleted } = options.against === undefined ? await pruning(options) : {}
  const text = [ofBacklog, ofClaims, ofWebhooks, ofDeletion].filter(each => each !== undefined).join('\n\n')
  return { ...backlogs, ...claimed, ...announced, ...deleted, text }
}
