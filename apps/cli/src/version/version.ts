import manifest from '../../package.json' with { type: 'json' }
import type { Session } from '../command-line/session.ts'
import { tableLines } from '../output/columns.ts'

/** Shows the version of this command, and those of the foreman that it asks. */
export const version = async ({ client, screen, signal }: Session): Promise<void> => {
  const { version: gateway, targets } = await client.queue.snapshot({
    fields: ['version', 'targets'],
    signal,
  })
  const ollama = targets.find(({ ollama_version }) => ollama_version !== undefined)?.ollama_version
  const versions = { command: manifest.version, gateway, ...(ollama !== undefined && { ollama }) }
  if (screen.isJson) return screen.json(versions)
  for (const line of tableLines(Object.entries(versions), screen.columns)) screen.print(line)
}
