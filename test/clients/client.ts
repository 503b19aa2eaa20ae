import type { SimOptions } from '@foreman/ollama-sim'

/** What a client is asked to do. */
export interface Question {
  readonly model: string
  /** Aborted when the caller wants no more. */
  readonly signal?: AbortSignal
}

/** A client that knows where to go, reduced to what the cases ask of it; absent is what it has no words for. */
export interface Connected {
  /** The names of the models. */
  list?(): Promise<string[]>
  /** The words of an answer that comes in one piece. Rejects with whatever the client throws. */
  whole?(question: Question): Promise<string>
  /** The words of an answer that comes in pieces. Throws whatever the client throws. */
  pieces?(question: Question): AsyncIterable<string>
  /** Offers a tool, and gives the calls that come back. */
  callTools?(question: Question & { readonly streamed: boolean }): Promise<ToolCall[]>
}

export interface ToolCall {
  readonly name: string
  readonly arguments: unknown
}

export interface Client {
  /** As in the matrix. */
  readonly name: string
  /** It waits as long as it takes, unless it is told otherwise. */
  readonly isPatient?: true
  /** How often a case is tried again, where it breaks on a coincidence, with foreman and without. */
  readonly retries?: number
  /** What the target must have for it. */
  readonly target?: SimOptions
  /**
   * @param url of foreman, or of the target itself
   * @param limitMs the client's own limits, of any kind, where they are to be shorter than it has them
   */
  connect(url: string, limitMs?: number): Connected
}

export const PROMPT = 'hi'

/** One tool, as JSON Schema describes it. */
export const weather = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: {
    type: 'object' as const,
    properties: { city: { type: 'string' as const } },
    required: ['city'],
  },
}
