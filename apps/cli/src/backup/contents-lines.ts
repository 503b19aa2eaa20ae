import type { BackupContents } from '@foreman/store'
import { right, tableLines } from '../output/columns.ts'

/** What a backup has, as lines. */
export const contentsLines = (
  { version, callers, lastJobAt, pendingWebhooks }: BackupContents,
  columns: number | undefined,
): string[] => [
  `store version ${version}; the last job was submitted ${lastJobAt === undefined ? 'never' : `at ${new Date(lastJobAt).toISOString()}`}`,
  ...tableLines(
    callers.map(({ caller, total, queued, running, left }) => [
      caller,
      right(`${total} jobs`),
      right(`${queued} run`),
      right(`${running} run again`),
      right(`${left} cancelled, because their callers are gone`),
    ]),
    columns,
  ),
  ...(pendingWebhooks > 0 ? [`${pendingWebhooks} webhooks are sent, perhaps once more`] : []),
]
