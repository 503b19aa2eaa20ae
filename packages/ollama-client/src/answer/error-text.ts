/** The message of an error as Ollama, OpenAI or Anthropic sends it, of a value that is already parsed. */
export const errorText = (value: unknown): string | undefined => {
  const error = field(value, 'error')
  if (typeof error === 'string') return error
  const message = field(error, 'message')
  return typeof message === 'string' ? message : undefined
}

const field = (value: unknown, name: string): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return (value as Record<string, unknown>)[name]
}
