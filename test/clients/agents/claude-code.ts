import { type Client, PROMPT, type Question } from '../client.ts'
import { objectsOf } from './run.ts'

/** What it prints, as far as it is read here. */
interface Line {
  readonly type: string
  readonly event?: { readonly delta?: { readonly text?: string } }
  readonly is_error?: boolean
  readonly result?: string
}

const stream = ['--output-format', 'stream-json', '--verbose', '--include-partial-messages']
const flags = ['--bare', '--print', PROMPT, '--tools', '', '--no-session-persistence']

export const claudeCode = (program: string): Client => ({
  name: 'Claude Code',
  connect(url) {
    const variables = {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: 'ollama',
      // It would try ten times more, and come to the same end later.
      CLAUDE_CODE_MAX_RETRIES: '0',
      // It would ask again, without streaming, when a stream broke off.
      CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    }
    const ask = async function* (
      { model, signal }: Question,
      format: readonly string[],
    ): AsyncGenerator<Line> {
      const args = [...flags, '--model', model, ...format]
      for await (const line of objectsOf({ program, args, variables, signal })) {
        const { is_error: isError, result } = line as Line
        if (isError) throw new Error(result)
        yield line as Line
      }
    }
    return {
      async *pieces(question) {
        for await (const { event } of ask(question, stream)) yield event?.delta?.text ?? ''
      },
      async whole(question) {
        return (await Array.fromAsync(ask(question, ['--output-format', 'json']))).at(-1)?.result ?? ''
      },
    }
  },
})
