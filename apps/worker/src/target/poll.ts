import { canonicalModelName, type OllamaClient } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { ModelRow, Store } from '@foreman/store'
import { writeQuietly } from '../persist.ts'
import { ask, timeLimit } from './ask.ts'

const POLLED_PATHS = ['/api/tags', '/api/version'] as const

export interface PollOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly stopped: AbortSignal
}

/**
 * Asks the target for its models and its version, and keeps the answers in the file for the gateway.
 *
 * @returns the names of the models in the target's memory
 * @throws when the target does not answer, or answers with an error
 */
export const pollTarget = async ({ client, store, logger, now, stopped }: PollOptions): Promise<string[]> => {
  for (const path of POLLED_PATHS) {
    const { status, headers, body } = await ask(client, path, stopped)
    if (status !== 200) throw new Error(`it answers ${path} with ${status}`)
    const rows = path === '/api/tags' ? modelRows(body) : undefined
    const keep = () => {
      store.catalogue.keepSnapshot(path, { headers, body, polledAt: now() })
      if (rows) store.catalogue.replaceModels(rows)
    }
    // The file may be full while the target is well.
    writeQuietly(keep, logger, `keep the target's answer to ${path}`)
  }
  const { models } = await client.ps({ signal: timeLimit(stopped) })
  return models.map(model => model.name)
}

type PolledModel = Omit<ModelRow, 'loading'>

/** Some versions send `null` for an empty list. */
const modelRows = (tags: Buffer): PolledModel[] => {
  const { models } = JSON.parse(tags.toString()) as {
    models?: { name: string; digest?: string; remote_host?: string }[] | null
  }
  const rows = new Map<string, PolledModel>()
  for (const { name, digest = '', remote_host: remoteHost } of models ?? []) {
    const canonical = canonicalModelName(name)
    if (canonical) rows.set(canonical, { name: canonical, digest, remote: Boolean(remoteHost) })
  }
  return [...rows.values()]
}
