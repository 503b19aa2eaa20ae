import type { Priority } from '@foreman/jobs'
import { UsageError } from '../failures/usage-error.ts'

/** What prompts are submitted with. */
export interface OfPrompts {
  readonly model: string | undefined
  readonly priority: Priority | undefined
}

/**
 * What foreman gets of a line of the input. A line that begins with `{` is a submission, and stays as it is. Any other line is a
 * prompt: a JSON string, which may have line feeds, or else the text itself.
 *
 * @throws UsageError when it is a prompt, and there is no model for it
 * @example
 * submissionOfLine('Why is the sky blue?', { model: 'llama3.2' }) // {"request":{"model":"llama3.2","prompt":"Why is the sky blue?"}}
 */
export const submissionOfLine = (line: string, { model, priority }: OfPrompts): string => {
  if (line.startsWith('{')) return line
  if (model === undefined) throw new UsageError('it is a prompt: say with --model which model it is for')
  return JSON.stringify({ request: { model, prompt: promptOf(line) }, priority })
}

const promptOf = (line: string): string => {
  if (!line.startsWith('"')) return line
  try {
    return String(JSON.parse(line))
  } catch {
    // A text that begins with a quotation.
    return line
  }
}
