/** A model name with its defaults filled in, in the case it was written in. */
export interface ModelName {
  /** Default `registry.ollama.ai`. */
  host: string
  /** Default `library`. */
  namespace: string
  model: string
  /** Default `latest`. */
  tag: string
  /** What `:cloud`, `:local` or a tag ending in `-cloud` said; the suffix itself is gone from `tag`. */
  source: 'cloud' | 'local' | undefined
}

const DEFAULT_HOST = 'registry.ollama.ai'
const DEFAULT_NAMESPACE = 'library'
const DEFAULT_TAG = 'latest'

const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/
const NAMESPACE = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/
const MODEL_OR_TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/

/**
 * Reads `[scheme://][host/][namespace/]model[:tag]` as Ollama does; undefined when Ollama would call the name
 * invalid (also for two source suffixes, as in `m:local:cloud`).
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
 * The one spelling that all names of the same model share (`registry.ollama.ai/library/llama3:latest`): defaults
 * filled in, source suffix gone, lower case. Undefined for an invalid name.
 *
 * @example
 * canonicalModelName('Llama3') // 'registry.ollama.ai/library/llama3:latest'
 */
export const canonicalModelName = (text: string): string | undefined => {
  const name = parseModelName(text)
  return name && `${name.host}/${name.namespace}/${name.model}:${name.tag}`.toLowerCase()
}

/**
 * The name as Ollama lists it, for programs that show names to people: default host and namespace left out, the tag always
 * shown.
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

/** Whether the name asks for a model that runs in Ollama's cloud, and so never touches the local scheduler. */
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
