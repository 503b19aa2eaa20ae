import { createHash } from 'node:crypto'
import type { Prose } from './words.ts'

/** A weights file: what a runner holds. Several models may be names for one. */
export interface Weights {
  name: string
  /** sha256 in hex, as in `FROM …/sha256-…`. */
  digest: string
  /** Bytes of the file. */
  size: number
  /** Bytes that a runner takes, for `/api/ps`. */
  runnerSize: number
  layers: number
  embedding: boolean
  /** The word in the story that tells one weights file from another. */
  seedWord: string
}

export interface Model {
  /** Without host and namespace, and without the tag where that is `latest`. */
  name: string
  weights: Weights
  template: string
  /** The Modelfile's parameters, merged under a request's options. */
  parameters: Record<string, number>
  capabilities: readonly ('completion' | 'tools' | 'thinking' | 'insert' | 'embedding')[]
  /** Which special token ends a rendered prompt; it decides what is said. */
  opening: string
  /** sha256 of the manifest, in hex. */
  digest: string
  size: number
  modifiedAtMs: number
  /** Answers a prompt; absent where the chain does. */
  prose?: (prompt: string) => Prose
  /** Its own pace; absent where it has that of all. */
  tokensPerSecond?: number
}

/** The name with its tag, as Ollama lists it. */
export const fullNameOf = ({ name }: Model): string => (name.includes(':') ? name : `${name}:latest`)

export const WIDTH = 384
export const FEED_FORWARD = 256
/** The context that the models were trained with, and Ollama's default. */
export const CONTEXT_LENGTH = 4096

const sha256 = (text: string) => createHash('sha256').update(`simulated ${text}`).digest('hex')

const weights = (
  name: string,
  layers: number,
  { embedding = false, seedWord = 'A' }: { embedding?: boolean; seedWord?: string } = {},
): Weights => {
  const bytes = 4 * parameterCount(layers)
  return {
    name,
    digest: sha256(`weights ${name}`),
    size: bytes + 10_240,
    runnerSize: bytes + 5_701_632,
    layers,
    embedding,
    seedWord,
  }
}

/** Parameters of a model of so many layers: the embedding, the output and the matrices of each layer. */
export const parameterCount = (layers: number): number =>
  2 * WIDTH * WIDTH + WIDTH + layers * (4 * WIDTH * WIDTH + 3 * WIDTH * FEED_FORWARD + 2 * WIDTH)

const say = (opening: string) =>
  `{{ range .Messages }}<|im_start|>{{ .Role }} {{ .Content }}<|im_end|>{{ end }}${opening}`
const CALL_TOOLS =
  '{{ if .Tools }}{{ range .Tools }}{{ . }}{{ end }}{{ end }}{{ range .Messages }}<|im_start|>{{ .Role }} {{ .Content }}{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}</tool_call>{{ end }}<|im_end|>{{ end }}<|go_tool|>'
const THINK =
  '{{ range .Messages }}<|im_start|>{{ .Role }} {{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}<|im_end|>{{ end }}<|go_think|>'

/** A further model, with weights of its own, that answers in prose. */
export interface ProseModel {
  /** May have a tag: `qwen3:8b`. */
  readonly name: string
  /** Bytes of its weights. */
  readonly size: number
  readonly tokensPerSecond?: number
  readonly canThink?: boolean
  /** @param prompt the whole of it, as the template has made it */
  readonly prose: (prompt: string) => Prose
}

export const proseModel = ({ name, size, canThink = false, ...more }: ProseModel, place: number): Model => {
  const template = say('<|go_plain|>')
  return {
    name,
    weights: { ...weights(name, 1), size, runnerSize: Math.round(size * RUNNER_SHARE) },
    template,
    parameters: {},
    capabilities: canThink ? ['completion', 'thinking'] : ['completion'],
    opening: '<|go_plain|>',
    digest: sha256(`manifest ${name} ${template}`),
    size: size + template.length + 300,
    modifiedAtMs: Date.UTC(2026, 10, 24, 9, 55, place),
    ...more,
  }
}

/** A runner needs room for its context, too. */
const RUNNER_SHARE = 1.15

/** The models of the recordings: six names for one weights file, an embedder, and three large ones. */
export const recordedModels = (): Model[] => {
  const chain = weights('chain', 1)
  const big = ['alpha', 'beta', 'gamma'].map(
    (name, place) => [name, weights(name, 254, { seedWord: 'ABC'[place]! })] as const,
  )
  const rows: [name: string, of: Weights, opening: string, more?: Partial<Model>][] = [
    ...big.map(([name, of]) => [name, of, '<|go_story|>'] as [string, Weights, string]),
    [
      'embed',
      weights('embed', 1, { embedding: true }),
      '',
      { template: '{{ .Prompt }}', capabilities: ['embedding'] },
    ],
    ['json', chain, '<|go_json|>'],
    ['plain', chain, '<|go_plain|>'],
    ['story', chain, '<|go_story|>', { parameters: { num_predict: 12 } }],
    ['think', chain, '<|go_think|>', { template: THINK, capabilities: ['completion', 'thinking'] }],
    ['tools', chain, '<|go_tool|>', { template: CALL_TOOLS, capabilities: ['completion', 'tools'] }],
    ['unicode', chain, '<|go_uni|>'],
  ]
  const createdAtMs = Date.UTC(2026, 10, 23, 9, 55, 12)
  return rows.map(([name, of, opening, more = {}], place) => {
    const template = more.template ?? say(opening)
    return {
      name,
      weights: of,
      template,
      parameters: {},
      capabilities: ['completion'],
      opening,
      digest: sha256(`manifest ${name} ${template}`),
      size: of.size + template.length + 300,
      // The large ones were made last, one after the other.
      modifiedAtMs: createdAtMs + (of === chain || of.embedding ? place * 1.234567 : (place + 1) * 7_103.75),
      ...more,
    }
  })
}
