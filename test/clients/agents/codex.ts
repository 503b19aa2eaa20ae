import { type Client, PROMPT, type Question } from '../client.ts'
import { objectsOf } from './run.ts'

/** What it prints, as far as it is read here. */
interface Event {
  readonly type: string
  readonly item?: { readonly type: string; readonly text?: string }
  readonly error?: { readonly message: string }
}

const flags = ['exec', '--json', '--skip-git-repo-check', '--ephemeral', '--sandbox', 'read-only']

const provider = (url: string, limitMs?: number) => {
  // It would try five times more, and come to the same end later.
  const retries = 'request_max_retries = 0, stream_max_retries = 0'
  const limit = limitMs === undefined ? '' : `, stream_idle_timeout_ms = ${limitMs}`
  return `{ name = "foreman", base_url = "${url}/v1", wire_api = "responses", ${retries}${limit} }`
}

export const codex = (program: string): Client => ({
  name: 'codex',
  // It offers tools with every request.
  target: { acceptTools: ['plain', 'alpha'] },
  connect(url, limitMs) {
    const settings = {
      model_provider: 'foreman',
      'model_providers.foreman': provider(url, limitMs),
      'analytics.enabled': 'false',
      'otel.metrics_exporter': 'none',
    }
    const config = Object.entries(settings).flatMap(([name, value]) => ['--config', `${name}=${value}`])
    const pieces = async function* ({ model, signal }: Question): AsyncGenerator<string> {
      const args = [...flags, ...config, '--model', model, PROMPT]
      for await (const line of objectsOf({ program, args, signal })) {
        const { type, item, error } = line as Event
        if (type === 'turn.failed') throw new Error(error?.message)
        if (item?.type === 'agent_message') yield item.text ?? ''
      }
    }
    return { pieces, whole: async question => (await Array.fromAsync(pieces(question))).join('') }
  },
})
