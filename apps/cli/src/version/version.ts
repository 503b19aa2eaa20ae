import { ForemanError } from '@foreman/foreman-client'
import type { QueueSystem } from '@foreman/jobs'
import manifest from '../../package.json' with { type: 'json' }
import type { Session } from '../command-line/session.ts'
import { type Row, tableLines } from '../output/columns.ts'

/** Shows the version of this command, those of the processes that it asks about, and that of the queue file. */
export const version = async (session: Session): Promise<void> => {
  const { client, screen, signal } = session
  const system = await systemOf(session)
  // A caller sees the gateway alone.
  const gateway = system ? undefined : (await client.queue.snapshot({ fields: ['version'], signal })).version
  const rows: Row[] = [
    ['command', manifest.version],
    ...(gateway === undefined ? [] : [['gateway', gateway]]),
    ...(system?.processes ?? []).map(({ kind, version: of = 'unknown', standby }) => [
      standby ? `${kind} on standby` : kind,
      of,
    ]),
    ...(system ? [['queue file', system.storage.schema]] : []),
    ...(system?.target.ollama_version === undefined ? [] : [['Ollama', system.target.ollama_version]]),
  ]
  if (screen.isJson) {
    const processes = system?.processes.map(({ kind, id, version: of }) => ({ kind, id, version: of }))
    const file = system?.storage.schema
    return screen.json({
      command: manifest.version,
      gateway,
      processes,
      schema: file,
      ollama: system?.target.ollama_version,
    })
  }
  for (const line of tableLines(rows, screen.columns)) screen.print(line)
}

/** @returns undefined for a caller, who does not see it */
const systemOf = async ({ client, signal }: Session): Promise<QueueSystem | undefined> => {
  try {
    return await client.queue.system({ signal })
  } catch (error) {
    if (error instanceof ForemanError && error.status === 403) return undefined
    throw error
  }
}
