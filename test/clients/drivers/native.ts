import { PROMPT, type ToolCall, weather } from '../client.ts'

/** What an answer of `/api/chat` is made of, as far as it is read here. */
export interface Chunk {
  readonly message: Message
  /** In the place of everything else. */
  readonly error?: string
}

interface Message {
  readonly content: string
  readonly tool_calls?: readonly { function: ToolCall }[]
}

export const messages = [{ role: 'user', content: PROMPT }]
export const tools = [{ type: 'function', function: weather }]

export const callsIn = ({ message }: Pick<Chunk, 'message'>): ToolCall[] =>
  (message.tool_calls ?? []).map(({ function: { name, arguments: args } }) => ({ name, arguments: args }))

/** The names in an answer of `/api/tags`. */
export const namesIn = (tags: unknown): string[] =>
  (tags as { models: { name: string }[] }).models.map(({ name }) => name)
