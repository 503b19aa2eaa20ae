/** A model name with its defaults filled in. Upper and lower case stay as they were written. */
export interface ModelName {
  /** @default 'registry.ollama.ai' */
  readonly host: string
  /** @default 'library' */
  readonly namespace: string
  readonly model: string
  /** @default 'latest' */
  readonly tag: string
  /** Where the model runs, if the name ends in `:cloud`, `:local` or `-cloud`. `tag` is without this suffix. */
  readonly source: 'cloud' | 'local' | undefined
}

const DEFAULT_HOST = 'registry.ollama.ai'
const DEFAULT_NAMESPACE = 'library'
const DEFAULT_TAG = 'latest'

const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/
const NAMESPACE = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/
const MODEL_OR_TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/

/**
 * Reads `[scheme://][host/][namespace/]model[:tag]` as Ollama does.
 * @returns undefined when the name is not valid to Ollama, also if it has two source suffixes (`m:local:cloud`)
 */
export const parseModelName = (text: string): ModelName | undefined => {
  const { base, source } = splitSource(text.trim())
  if (source !== undefined && splitSource(base).source !== undefined) return undefined

  const colon = base.lastIndexOf(':')
  const tagged = colon > base.lastIndexOf('/')
  const tag = tagged ? base.slice(colon + 1) : DEFAULT_TAG
  const [beforeModel, model] = cutLast(tagged ? base.slice(0, colon) : base)
  const [beforeNamespace, namespace] = beforeModel === undefined ? [] : cutLast(beforeModel)
  const host = beforeNamespace?.replace(/^.*?:\/\//, '')

  const name = {
    host: host ?? DEFAULT_HOST,
    namespace: namespace ?? DEFAULT_NAMESPACE,
    model,
    tag,
    source,
  }
  const valid =
    HOST.test(name.host) &&
    NAMESPACE.test(name.namespace) &&
    MODEL_OR_TAG.test(name.model) &&
    MODEL_OR_TAG.test(name.tag)
  return valid ? name : undefined
}

/**
 * Returns the one spelling that all names of the same model share: with its defaults filled in, without the source suffix,
 * in lower case.
 *
 * @returns undefined when the name is not valid
 *
 * @example
 * canonicalModelName('Llama3') // 'registry.ollama.ai/library/llama3:latest'
 */
export const canonicalModelName = (text: string): string | undefined => {
  const name = parseModelName(text)
  return name && `${name.host}/${name.namespace}/${name.model}:${name.tag}`.toLowerCase()
}

/**
 * Returns the name as Ollama lists it, for programs that show names to people: without the default host and namespace, and
 * always with the tag.
 *
 * @returns undefined when the name is not valid
 *
 * @example
 * displayModelName('registry.ollama.ai/library/llama3') // 'llama3:latest'
 */
export const displayModelName = (text: string): string | undefined => {
  const name = parseModelName(text)
  if (!name) return undefined
  const short = `${name.model}:${name.tag}`
  if (name.host.toLowerCase() !== DEFAULT_HOST) return `${name.host}/${name.namespace}/${short}`
  return name.namespace.toLowerCase() === DEFAULT_NAMESPACE ? short : `${name.namespace}/${short}`
}

/** Whether the model runs in Ollama's cloud. The local scheduler has nothing to do with such a model. */
export const isCloudModel = (text: string): boolean => parseModelName(text)?.source === 'cloud'

const splitSource = (text: string): { base: string; source: ModelName['source'] } => {
  const colon = text.lastIndexOf(':')
  const suffix = colon < 0 ? '' : text.slice(colon + 1).toLowerCase()
  if (suffix === 'cloud' || suffix === 'local') return { base: text.slice(0, colon), source: suffix }
  if (suffix.endsWith('-cloud') && !suffix.includes('/')) {
    return { base: text.slice(0, -'-cloud'.length), source: 'cloud' }
  }
  return { base: text, source: undefined }
}

const cutLast = (text: string): [before: string | undefined, last: string] => {
  const slash = text.lastIndexOf('/')
  return slash < 0 ? [undefined, text] : [text.slice(0, slash), text.slice(slash + 1)]
}
