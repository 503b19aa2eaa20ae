import { ForemanError } from '@foreman/foreman-client'
import type { QueueSystem } from '@foreman/jobs'
import manifest from '../../package.json' with { type: 'json' }
import type { Session } from '../command-line/session.ts'
import { fact, printTable, type Row } from '../output/columns.ts'

/** What is known of the versions. A caller sees that of the gateway alone. */
interface Versions {
  readonly command: string
  readonly gateway?: string
  readonly processes?: readonly Pick<
    QueueSystem['processes'][number],
    'kind' | 'id' | 'version' | 'standby'
  >[]
  /** Of the queue file. */
  readonly schema?: string
  readonly ollama?: string
}

/** Shows the version of this command, in any case, and those of the foreman that is asked, if it is there. */
export const version = async (session: Session): Promise<void> => {
  let versions: Versions = { command: manifest.version }
  try {
    versions = { ...versions, ...(await versionsOf(session)) }
  } finally {
    show(versions, session)
  }
}

const versionsOf = async ({ client, signal }: Session): Promise<Omit<Versions, 'command'>> => {
  try {
    const { processes, storage, target } = await client.queue.system({ signal })
    return {
      processes: processes.map(({ kind, id, version: of, standby }) => ({
        kind,
        id,
        ...(of !== undefined && { version: of }),
        ...(standby !== undefined && { standby }),
      })),
      schema: storage.schema,
      ...(target.ollama_version !== undefined && { ollama: target.ollama_version }),
    }
  } catch (error) {
    if (!(error instanceof ForemanError) || error.status !== 403) throw error
    return { gateway: (await client.queue.snapshot({ fields: ['version'], signal })).version }
  }
}

const show = (versions: Versions, { screen }: Session): void => {
  if (screen.isJson) return screen.json(versions)
  const { command, gateway, processes = [], schema, ollama } = versions
  const rows: Row[] = [
    ['command', command],
    ...fact('gateway', gateway),
    ...processes
      .toSorted((a, b) => a.kind.localeCompare(b.kind))
      .map(({ kind, version: of = 'unknown', standby }) => [standby ? `${kind} on standby` : kind, of]),
    ...fact('queue file', schema),
    ...fact('Ollama', ollama),
  ]
  printTable(rows, screen)
}
