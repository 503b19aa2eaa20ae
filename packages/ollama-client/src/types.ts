/**
 * Ollama's native wire format, typed by hand: field names are those on the wire, durations are integer
 * nanoseconds, sizes are bytes, times are RFC 3339 text. A zero duration or count is left out by the server.
 */

/** Seconds as a number (fractions allowed, negative means for ever, 0 unloads) or a Go duration such as `5m`. */
export type KeepAlive = number | string

/** `'json'`, or a JSON Schema that the answer must follow. */
export type Format = 'json' | Record<string, unknown>

export type Think = boolean | 'low' | 'medium' | 'high' | 'max'

export type DoneReason = 'stop' | 'length' | 'load' | 'unload'

/** The first seven decide how a model is loaded, changing one reloads it; the others steer one answer. */
export interface ModelOptions {
  /** Context length in tokens. */
  num_ctx?: number
  num_batch?: number
  /** Layers put on the GPU; negative leaves it to the server. */
  num_gpu?: number
  main_gpu?: number
  use_mmap?: boolean
  num_thread?: number
  draft_num_predict?: number
  num_keep?: number
  /** Negative for a random one. */
  seed?: number
  /** Most tokens to generate; negative for no limit of one's own. */
  num_predict?: number
  top_k?: number
  top_p?: number
  min_p?: number
  typical_p?: number
  repeat_last_n?: number
  temperature?: number
  repeat_penalty?: number
  presence_penalty?: number
  frequency_penalty?: number
  stop?: string[]
}

export interface ToolCall {
  id?: string
  function: { index?: number; name: string; arguments: Record<string, unknown> }
}

export interface Tool {
  type: 'function'
  function: {
    name: string
    description?: string
    /** JSON Schema of the arguments. */
    parameters?: Record<string, unknown>
  }
}

export interface Message {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
  thinking?: string
  /** Base64, without a `data:` prefix. */
  images?: string[]
  tool_calls?: ToolCall[]
  /** Of a tool's answer: which tool and which call it answers. */
  tool_name?: string
  tool_call_id?: string
}

interface GenerationRequest {
  model: string
  format?: Format
  /** Absent, a model that can think does. */
  think?: Think
  keep_alive?: KeepAlive
  options?: ModelOptions
  truncate?: boolean
  /** Whether the context may be shifted when full (default true); another value needs another load. */
  shift?: boolean
  logprobs?: boolean
  /** 0 to 20. */
  top_logprobs?: number
}

export interface ChatRequest extends GenerationRequest {
  /** None: the model is only loaded, or unloaded with `keep_alive: 0`. */
  messages?: Message[]
  tools?: Tool[]
}

export interface GenerateRequest extends GenerationRequest {
  /** Empty: the model is only loaded, or unloaded with `keep_alive: 0`. */
  prompt?: string
  suffix?: string
  system?: string
  template?: string
  /** As an earlier reply gave it. */
  context?: number[]
  raw?: boolean
  /** Base64, without a `data:` prefix. */
  images?: string[]
}

export interface TokenLogprob {
  token: string
  logprob: number
  /** The token's UTF-8 bytes. */
  bytes?: number[]
}

export interface Logprob extends TokenLogprob {
  top_logprobs?: TokenLogprob[]
}

/** Where the time of an answer went. */
export interface Timings {
  /** Nanoseconds, as all durations. */
  total_duration?: number
  /** Contains the time spent waiting for a free slot: a load time only for a request that was alone. */
  load_duration?: number
  prompt_eval_count?: number
  prompt_eval_duration?: number
  eval_count?: number
  eval_duration?: number
}

interface GenerationChunk extends Timings {
  /** As the request wrote it. */
  model: string
  created_at: string
  done: boolean
  done_reason?: DoneReason
  logprobs?: Logprob[]
  /** Of a model that another server runs. */
  remote_model?: string
  remote_host?: string
}

/** One line of a chat stream. Tool calls come on any line, on that with `done: true` as well. */
export interface ChatChunk extends GenerationChunk {
  message: Message
}

/** A whole chat answer, or the reply to a load or unload. */
export interface ChatReply extends ChatChunk {
  done: true
}

/** One line of a generate stream. */
export interface GenerateChunk extends GenerationChunk {
  response: string
  thinking?: string
  tool_calls?: ToolCall[]
  /** On the last line, unless `raw`. */
  context?: number[]
}

/** A whole generate answer, or the reply to a load or unload. */
export interface GenerateReply extends GenerateChunk {
  done: true
}

export interface EmbedRequest {
  model: string
  /** Empty: the model is only loaded. */
  input: string | string[]
  /** Whether too long an input is cut (default true) or refused. */
  truncate?: boolean
  dimensions?: number
  keep_alive?: KeepAlive
  options?: ModelOptions
}

export interface EmbedReply {
  model: string
  /** One for each input, of length 1 (L2). */
  embeddings: number[][]
  total_duration?: number
  load_duration?: number
  prompt_eval_count?: number
}

/** The older form of embed, one prompt at a time. */
export interface EmbeddingsRequest {
  model: string
  prompt: string
  keep_alive?: KeepAlive
  options?: ModelOptions
}

export interface EmbeddingsReply {
  /** Ollama 0.24.0 leaves it as the model computed it; 0.33.0 normalises it to length 1 (L2), as `embed` does. */
  embedding: number[]
}

export interface ModelDetails {
  parent_model: string
  /** `gguf`, `safetensors`. */
  format: string
  family: string
  families: string[] | null
  /** For people: `7.6B`. */
  parameter_size: string
  quantization_level: string
  context_length?: number
  embedding_length?: number
}

/** An installed model. */
export interface ModelSummary {
  /** The shortest form, tag included: `llama3:latest`. */
  name: string
  model: string
  remote_model?: string
  remote_host?: string
  modified_at: string
  size: number
  digest: string
  details: ModelDetails
  capabilities?: string[]
}

export interface TagsReply {
  models: ModelSummary[]
}

/** A model in memory; one that is still being loaded is not listed. */
export interface ResidentModel {
  /** The name that loaded it: another name of the same weights may be using it. */
  name: string
  model: string
  size: number
  digest: string
  details: ModelDetails
  /** Set when the runner goes idle; may lie in the past while it works, and near the year 2318 for "for ever". */
  expires_at: string
  /** The part of `size` on GPUs; 0 for a model on the CPU. */
  size_vram: number
  /** Tokens per slot that it was loaded with. */
  context_length: number
}

export interface PsReply {
  models: ResidentModel[]
}

export interface ShowRequest {
  model: string
  verbose?: boolean
  system?: string
  options?: ModelOptions
}

export interface ShowReply {
  license?: string
  modelfile?: string
  /** One `name value` to a line. */
  parameters?: string
  template?: string
  system?: string
  details: ModelDetails
  messages?: Message[]
  remote_model?: string
  remote_host?: string
  /** GGUF keys, as `general.architecture` and `llama.context_length`. */
  model_info: Record<string, unknown>
  projector_info?: Record<string, unknown>
  tensors?: { name: string; type: string; shape: number[] }[]
  /** `completion`, `tools`, `insert`, `vision`, `audio`, `embedding`, `thinking`, `image`. */
  capabilities?: string[]
  modified_at?: string
  requires?: string
}

export interface VersionReply {
  version: string
}
