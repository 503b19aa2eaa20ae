import { type BackupContents, inspectBackup, restoreStore } from '@foreman/store'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { queueLocation } from '../file/queue-location.ts'
import { withQueue } from '../file/with-queue.ts'
import { contentsLines } from './contents-lines.ts'

/** Shows what would become of a backup. */
export const restoreCheck = (
  { backup }: { readonly backup: string },
  { screen }: Pick<Session, 'screen'>,
): void => {
  const contents = withQueue(() => inspectBackup(backup))
  if (screen.isJson) screen.json(asJson(contents))
  else for (const line of contentsLines(contents, screen.columns)) screen.print(line)
}

export interface GivenToRestore {
  readonly backup: string
  readonly yes: boolean
  readonly 'db-path'?: string | undefined
}

/** Puts a backup in the place of the queue. */
export const restore = async (
  { backup, yes: isAgreed, 'db-path': flag }: GivenToRestore,
  { screen, signal }: Pick<Session, 'screen' | 'signal'>,
): Promise<number> => {
  const location = queueLocation(flag, process.env)
  const contents = withQueue(() => inspectBackup(backup))
  for (const line of contentsLines(contents, undefined)) screen.say(line)
  const question = `Put ${backup} in the place of ${location}?`
  if (!(await screen.confirms(question, { isAgreed, signal }))) return exitCodes.failed
  const { kept } = withQueue(() => restoreStore(location, { backup, at: Date.now() }))
  if (screen.isJson) screen.json({ file: location, kept, ...asJson(contents) })
  else screen.print(kept === undefined ? location : `${location}; what was there is ${kept}`)
  return 0
}

const asJson = ({ version, callers, lastJobAt, pendingWebhooks }: BackupContents) => ({
  store_version: version,
  callers,
  ...(lastJobAt !== undefined && { last_job_at: new Date(lastJobAt).toISOString() }),
  pending_webhooks: pendingWebhooks,
})
