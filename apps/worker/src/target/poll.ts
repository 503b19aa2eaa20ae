import type { OllamaClient } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { writeQuietly } from '../persist.ts'
import { installedModels, objectIn, type Resident, residentModels } from './answers.ts'
import { askWell, MAX_VERSION_BYTES, timeLimit, UnusableAnswerError, type WholeAnswer } from './ask.ts'

export interface PollOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly stopped: AbortSignal
}

/** What a poll has found out. */
export interface Poll {
  /** The models in the target's memory; undefined when it does not say. */
  readonly residents: readonly Resident[] | undefined
  /** When the target was asked, by `performance.now()`. */
  readonly askedAt: number
  /** Undefined when the target does not say. */
  readonly version: string | undefined
  /** The bytes of the installed models that it says, by their canonical names. Undefined when it lists none. */
  readonly sizes: ReadonlyMap<string, number> | undefined
  /** What the target does not tell, by the path that was asked. Each text names path and status. */
  readonly complaints: ReadonlyMap<string, string>
}

type Said = { -readonly [Fact in Exclude<keyof Poll, 'askedAt' | 'complaints'>]: Poll[Fact] }

/** What came of one question: the answer, or why it is of no use. */
type Asked = { readonly answer: WholeAnswer } | { readonly error: unknown }

/**
 * Asks the target for its models and its version, and keeps the answers in the store for the gateway. An answer that is
 * missing, refused, too long or of another shape costs only what it should have brought: the store keeps the answer before
 * it.
 *
 * @throws when none of the questions is answered, or foreman's credentials are refused
 */
export const pollTarget = async (options: PollOptions): Promise<Poll> => {
  const { client, store, stopped } = options
  const askedAt = performance.now()
  const question = (path: string, maxBytes?: number): Promise<Asked> =>
    askWell(client, { path, signal: timeLimit(stopped), ...(maxBytes !== undefined && { maxBytes }) }).then(
      answer => ({ answer }),
      (error: unknown) => ({ error }),
    )
  const [version, tags, ps] = await Promise.all([
    question('/api/version', MAX_VERSION_BYTES),
    question('/api/tags'),
    question('/api/ps'),
  ])
  const isAnswered = [version, tags, ps].some(asked => 'answer' in asked)
  if ('error' in version && (!isAnswered || isUnauthorized(version.error))) throw version.error

  const complaints = new Map<string, string>()
  const said: Said = { residents: undefined, version: undefined, sizes: undefined }
  /** @param use does what the answer is good for. Returns what is wrong with it */
  const take = async (
    path: string,
    asked: Asked,
    use: (answer: WholeAnswer) => Promise<string | undefined>,
  ): Promise<void> => {
    const complaint = 'error' in asked ? reasonOf(path, asked.error) : await use(asked.answer)
    if (complaint !== undefined) complaints.set(path, complaint)
  }
  await take('/api/version', version, async answer => {
    said.version = textOf(answer, 'version')
    if (said.version === undefined) return otherShape('/api/version', answer)
    await keep('/api/version', answer, options, async () => {
      const before = await store.catalogue.snapshot('/api/version')
      if (before && !answer.body.equals(before.body)) await store.catalogue.forgetCapabilities()
    })
    return undefined
  })
  await take('/api/tags', tags, async answer => {
    const list = installedModels(answer.body)
    if (!list) return otherShape('/api/tags', answer)
    said.sizes = list.sizes
    await keep('/api/tags', answer, options, () => store.catalogue.replaceModels(list.models))
    return withoutName('/api/tags', list.nameless)
  })
  await take('/api/ps', ps, async answer => {
    const list = residentModels(answer.body)
    if (!list) return otherShape('/api/ps', answer)
    said.residents = list.models
    return withoutName('/api/ps', list.nameless)
  })
  return { ...said, askedAt, complaints }
}

const textOf = ({ body }: WholeAnswer, name: string): string | undefined => {
  const value = objectIn(body)?.[name]
  return typeof value === 'string' ? value : undefined
}

const isUnauthorized = (error: unknown): boolean =>
  error instanceof UnusableAnswerError && error.status === 401

const reasonOf = (path: string, error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  return text.includes(path) ? text : `it does not answer ${path}: ${text}`
}

const otherShape = (path: string, { status }: WholeAnswer): string =>
  `its answer to ${path} (${status}) has another shape than Ollama's`

const withoutName = (path: string, nameless: number): string | undefined =>
  nameless === 0 ? undefined : `its answer to ${path} (200) has models without a name: ${nameless}`

/** @param use writes what the answer brings besides itself. Before it is kept: what fails is done again after the next poll */
const keep = (
  path: string,
  { headers, body }: WholeAnswer,
  { store, logger, now }: PollOptions,
  use: () => Promise<void>,
): Promise<void> => {
  const write = async () => {
    await use()
    await store.catalogue.keepSnapshot(path, { headers, body, polledAt: now() })
  }
  // The disk may be full while the target is well.
  return writeQuietly(write, logger, `keep the target's answer to ${path}`)
}
