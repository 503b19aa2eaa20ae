/** What Ollama takes as the value of a field. Every field may also be null. */
export type FieldType =
  | 'text'
  | 'switch'
  | 'integer'
  | 'number'
  | 'texts'
  | 'numbers'
  | 'objects'
  | 'object'
  | 'text or list'
  | 'duration'
  | 'thinking'

/** The fields of a request that foreman looks at, by their names in lower case. */
export type FieldTypes = Readonly<Record<string, FieldType>>

const ofOllama = {
  model: 'text',
  stream: 'switch',
  options: 'object',
  keep_alive: 'duration',
  think: 'thinking',
  truncate: 'switch',
  shift: 'switch',
  _debug_render_only: 'switch',
  logprobs: 'switch',
  top_logprobs: 'integer',
} as const

const ofOpenAi = {
  model: 'text',
  stream: 'switch',
  stream_options: 'object',
  max_tokens: 'integer',
  seed: 'integer',
  temperature: 'number',
  top_p: 'number',
  frequency_penalty: 'number',
  presence_penalty: 'number',
} as const

/**
 * The fields that Ollama 0.24 and 0.33 both read with these types. Fields that only one of them has, and what is nested in
 * a field, are left to the target, except for the first element of a list.
 */
export const fieldTypes = {
  chat: { ...ofOllama, messages: 'objects', tools: 'objects' },
  generate: {
    ...ofOllama,
    prompt: 'text',
    suffix: 'text',
    system: 'text',
    template: 'text',
    context: 'numbers',
    raw: 'switch',
    images: 'texts',
  },
  chatCompletions: {
    ...ofOpenAi,
    messages: 'objects',
    tools: 'objects',
    response_format: 'object',
    reasoning: 'object',
    reasoning_effort: 'text',
  },
  completions: { ...ofOpenAi, prompt: 'text', suffix: 'text' },
  responses: {
    model: 'text',
    input: 'text or list',
    instructions: 'text',
    stream: 'switch',
    max_output_tokens: 'integer',
    temperature: 'number',
    top_p: 'number',
    reasoning: 'object',
    tools: 'objects',
  },
  messages: {
    model: 'text',
    max_tokens: 'integer',
    messages: 'objects',
    stream: 'switch',
    temperature: 'number',
    top_p: 'number',
    top_k: 'integer',
    stop_sequences: 'texts',
    tools: 'objects',
    thinking: 'object',
  },
  /** The routes that only one of the versions has. */
  others: { model: 'text' },
} as const satisfies Record<string, FieldTypes>
