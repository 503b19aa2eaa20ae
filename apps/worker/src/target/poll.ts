import type { OllamaClient } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { writeQuietly } from '../persist.ts'
import { askResidents, installedModels, objectIn } from './answers.ts'
import { askOrSkip, MAX_VERSION_BYTES, timeLimit, type WholeAnswer } from './ask.ts'

export interface PollOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly stopped: AbortSignal
}

/**
 * Asks the target for its models and its version, and keeps the answers in the file for the gateway. An answer of
 * another shape, or one that is too long, costs only what it should have brought: the file keeps the answer before it.
 *
 * @returns the names of the models in the target's memory
 * @throws when the target does not answer, or answers with an error
 */
export const pollTarget = async (options: PollOptions): Promise<string[]> => {
  const { client, store, logger, stopped } = options
  const tags = await askOrSkip(client, { path: '/api/tags', signal: timeLimit(stopped) }, logger)
  const models = tags && installedModels(tags.body)
  const keepModels = models && (() => store.catalogue.replaceModels(models))
  keep('/api/tags', tags, keepModels, options)
  const question = { path: '/api/version', signal: timeLimit(stopped), maxBytes: MAX_VERSION_BYTES }
  const version = await askOrSkip(client, question, logger)
  const isVersion = version && typeof objectIn(version.body)?.['version'] === 'string'
  keep('/api/version', version, isVersion ? () => undefined : undefined, options)
  const residents = await askResidents(client, logger, timeLimit(stopped))
  return residents.map(({ name }) => name)
}

/** @param use writes what the answer brings besides itself; undefined when the answer has another shape */
const keep = (
  path: string,
  answer: WholeAnswer | undefined,
  use: (() => void) | undefined,
  { store, logger, now }: PollOptions,
): void => {
  // What is too long has been logged.
  if (!answer) return
  if (!use) return logger.warn(`the target's answer to ${path} has another shape; keeping the one before`)
  const write = () => {
    store.catalogue.keepSnapshot(path, { headers: answer.headers, body: answer.body, polledAt: now() })
    use()
  }
  // The file may be full while the target is well.
  writeQuietly(write, logger, `keep the target's answer to ${path}`)
}
