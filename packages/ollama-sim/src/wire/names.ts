/** A model's name taken apart; `valid` is false for what Ollama calls an invalid model name. */
export interface ModelName {
  host: string
  namespace: string
  model: string
  tag: string
  valid: boolean
  /** The name asks for a model that runs in Ollama's cloud. */
  cloud: boolean
}

const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/
const NAMESPACE = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/
const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/

/** `[host/][namespace/]model[:tag]`, with Ollama's defaults. */
export const parseModelName = (text: string): ModelName => {
  let rest = text.trim()
  const suffix = rest.slice(rest.lastIndexOf(':') + 1).toLowerCase()
  const cloud =
    rest.includes(':') && !suffix.includes('/') && (suffix === 'cloud' || suffix.endsWith('-cloud'))
  if (suffix === 'local' && rest.includes(':')) rest = rest.slice(0, rest.lastIndexOf(':'))
  rest = rest.slice(rest.lastIndexOf('://') + 1).replace(/^\/\//, '')
  let tag = 'latest'
  const colon = rest.lastIndexOf(':')
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1)
    rest = rest.slice(0, colon)
  }
  const parts = rest.split('/')
  const model = parts.pop() ?? ''
  const namespace = parts.pop() ?? 'library'
  const host = parts.length > 0 ? parts.join('/') : 'registry.ollama.ai'
  const valid = PART.test(model) && PART.test(tag) && NAMESPACE.test(namespace) && HOST.test(host)
  return { host, namespace, model, tag, valid, cloud }
}

/** The key under which installed models are found: names match without regard to case. */
export const modelKey = ({ host, namespace, model, tag }: ModelName): string =>
  `${host}/${namespace}/${model}:${tag}`.toLowerCase()
