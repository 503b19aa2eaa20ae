/**
 * Ollama's native API, typed by hand. The field names are those of the API. Durations are integer nanoseconds, sizes are
 * bytes, times are RFC 3339 text. Ollama leaves out a duration or count that is zero.
 */

/** Seconds as a number (fractions allowed, negative means for ever, 0 unloads) or a Go duration such as `5m`. */
export type KeepAlive = number | string

/** `'json'`, or a JSON Schema that the answer must follow. */
export type Format = 'json' | Record<string, unknown>

export type Think = boolean | 'low' | 'medium' | 'high' | 'max'

export type DoneReason = 'stop' | 'length' | 'load' | 'unload'

/**
 * The first seven options decide how a model is loaded: another value makes Ollama load the model again. The others change
 * only one answer.
 */
export interface ModelOptions {
  /** Context length in tokens. */
  readonly num_ctx?: number
  readonly num_batch?: number
  /** How many layers run on the GPU. With a negative number Ollama decides. */
  readonly num_gpu?: number
  readonly main_gpu?: number
  readonly use_mmap?: boolean
  readonly num_thread?: number
  readonly draft_num_predict?: number
  readonly num_keep?: number
  /** A negative number stands for a random seed. */
  readonly seed?: number
  /** The most tokens to generate. With a negative number the request sets no limit. */
  readonly num_predict?: number
  readonly top_k?: number
  readonly top_p?: number
  readonly min_p?: number
  readonly typical_p?: number
  readonly repeat_last_n?: number
  readonly temperature?: number
  readonly repeat_penalty?: number
  readonly presence_penalty?: number
  readonly frequency_penalty?: number
  readonly stop?: readonly string[]
}

export interface ToolCall {
  readonly id?: string
  readonly function: {
    readonly index?: number
    readonly name: string
    readonly arguments: Readonly<Record<string, unknown>>
  }
}

export interface Tool {
  readonly type: 'function'
  readonly function: {
    readonly name: string
    readonly description?: string
    /** JSON Schema of the arguments. */
    readonly parameters?: Record<string, unknown>
  }
}

export interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: string
  readonly thinking?: string
  /** Base64, without a `data:` prefix. */
  readonly images?: readonly string[]
  readonly tool_calls?: readonly ToolCall[]
  /** In the message of a tool: the name of the tool, and the call that it answers. */
  readonly tool_name?: string
  readonly tool_call_id?: string
}

interface GenerationRequest {
  readonly model: string
  readonly format?: Format
  /** If absent, a model that can think does so. */
  readonly think?: Think
  readonly keep_alive?: KeepAlive
  readonly options?: ModelOptions
  readonly truncate?: boolean
  /** Whether Ollama may shift the context when it is full (default true). With another value it loads the model again. */
  readonly shift?: boolean
  readonly logprobs?: boolean
  /** 0 to 20. */
  readonly top_logprobs?: number
}

export interface ChatRequest extends GenerationRequest {
  /** Without messages, Ollama only loads the model, or unloads it with `keep_alive: 0`. */
  readonly messages?: readonly Message[]
  readonly tools?: readonly Tool[]
}

export interface GenerateRequest extends GenerationRequest {
  /** Without a prompt, Ollama only loads the model, or unloads it with `keep_alive: 0`. */
  readonly prompt?: string
  readonly suffix?: string
  readonly system?: string
  readonly template?: string
  /** The `context` of an earlier reply. */
  readonly context?: readonly number[]
  readonly raw?: boolean
  /** Base64, without a `data:` prefix. */
  readonly images?: readonly string[]
}

export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  /** The token's UTF-8 bytes. */
  readonly bytes?: readonly number[]
}

export interface Logprob extends TokenLogprob {
  readonly top_logprobs?: readonly TokenLogprob[]
}

/** How long the parts of an answer took, and how many tokens it used. */
export interface Timings {
  /** In nanoseconds, like all durations. */
  readonly total_duration?: number
  /** This includes the wait for a free slot, so it is the time of the load only if no other request was waiting. */
  readonly load_duration?: number
  readonly prompt_eval_count?: number
  readonly prompt_eval_duration?: number
  readonly eval_count?: number
  readonly eval_duration?: number
}

interface GenerationChunk extends Timings {
  /** The name as the request spells it. */
  readonly model: string
  readonly created_at: string
  readonly done: boolean
  readonly done_reason?: DoneReason
  readonly logprobs?: readonly Logprob[]
  /** Only present when another server runs the model. */
  readonly remote_model?: string
  readonly remote_host?: string
}

/** One line of a chat stream. Any line can have tool calls, also the one with `done: true`. */
export interface ChatChunk extends GenerationChunk {
  readonly message: Message
}

/** A whole chat answer, or the reply to a load or unload. */
export interface ChatReply extends ChatChunk {
  readonly done: true
}

/** One line of a generate stream. */
export interface GenerateChunk extends GenerationChunk {
  readonly response: string
  readonly thinking?: string
  readonly tool_calls?: readonly ToolCall[]
  /** Only on the last line, and not if the request has `raw`. */
  readonly context?: readonly number[]
}

/** A whole generate answer, or the reply to a load or unload. */
export interface GenerateReply extends GenerateChunk {
  readonly done: true
}

export interface EmbedRequest {
  readonly model: string
  /** If it is empty, Ollama only loads the model. */
  readonly input: string | readonly string[]
  /** Whether Ollama cuts an input that is too long (the default) or refuses it. */
  readonly truncate?: boolean
  readonly dimensions?: number
  readonly keep_alive?: KeepAlive
  readonly options?: ModelOptions
}

export interface EmbedReply {
  readonly model: string
  /** One vector for each input, normalised to length 1 (L2). */
  readonly embeddings: readonly (readonly number[])[]
  readonly total_duration?: number
  readonly load_duration?: number
  readonly prompt_eval_count?: number
}

/** The older form of embed, for one prompt. */
export interface EmbeddingsRequest {
  readonly model: string
  readonly prompt: string
  readonly keep_alive?: KeepAlive
  readonly options?: ModelOptions
}

export interface EmbeddingsReply {
  /** Ollama 0.24.0 leaves it as the model computed it; 0.33.0 normalises it to length 1 (L2), as `embed` does. */
  readonly embedding: readonly number[]
}

export interface ModelDetails {
  readonly parent_model: string
  /** Such as `gguf` or `safetensors`. */
  readonly format: string
  readonly family: string
  readonly families: readonly string[] | null
  /** As text for people, such as `7.6B`. */
  readonly parameter_size: string
  readonly quantization_level: string
  readonly context_length?: number
  readonly embedding_length?: number
}

/** An installed model. */
export interface ModelSummary {
  /** The shortest form with the tag, such as `llama3:latest`. */
  readonly name: string
  readonly model: string
  readonly remote_model?: string
  readonly remote_host?: string
  readonly modified_at: string
  readonly size: number
  readonly digest: string
  readonly details: ModelDetails
  readonly capabilities?: readonly string[]
}

export interface TagsReply {
  readonly models: readonly ModelSummary[]
}

/** A model in memory. Ollama does not list a model that it is still loading. */
export interface ResidentModel {
  /** The name with which it was loaded. Requests for other names of the same weights may use it too. */
  readonly name: string
  readonly model: string
  readonly size: number
  readonly digest: string
  readonly details: ModelDetails
  /**
   * Ollama sets this time when the runner becomes idle. It can lie in the past while the runner works. If the model stays for
   * ever, it is near the year 2318.
   */
  readonly expires_at: string
  /** How much of `size` is on GPUs. It is 0 for a model on the CPU. */
  readonly size_vram: number
  /** How many tokens each slot was loaded with. */
  readonly context_length: number
}

export interface PsReply {
  readonly models: readonly ResidentModel[]
}

export interface ShowRequest {
  readonly model: string
  readonly verbose?: boolean
  readonly system?: string
  readonly options?: ModelOptions
}

export interface ShowReply {
  readonly license?: string
  readonly modelfile?: string
  /** One `name value` per line. */
  readonly parameters?: string
  readonly template?: string
  readonly system?: string
  readonly details: ModelDetails
  readonly messages?: readonly Message[]
  readonly remote_model?: string
  readonly remote_host?: string
  /** GGUF keys, such as `general.architecture` and `llama.context_length`. */
  readonly model_info: Record<string, unknown>
  readonly projector_info?: Record<string, unknown>
  readonly tensors?: readonly {
    readonly name: string
    readonly type: string
    readonly shape: readonly number[]
  }[]
  /** Any of `completion`, `tools`, `insert`, `vision`, `audio`, `embedding`, `thinking`, `image`. */
  readonly capabilities?: readonly string[]
  readonly modified_at?: string
  readonly requires?: string
}

export interface VersionReply {
  readonly version: string
}
