import Anthropic from '@anthropic-ai/sdk'
import { type Client, PROMPT, weather } from '../client.ts'
import { impatientFetch } from '../impatience.ts'

const messages = [{ role: 'user' as const, content: PROMPT }]
const { parameters, ...named } = weather
const tools = [{ ...named, input_schema: parameters }]
const max_tokens = 1_000

export const anthropic: Client = {
  name: '@anthropic-ai/sdk',
  connect(baseURL, limitMs) {
    const client = new Anthropic({
      baseURL,
      apiKey: 'ollama',
      // It would try twice more, and come to the same end later.
      maxRetries: 0,
      fetch: impatientFetch(limitMs),
      ...(limitMs === undefined ? {} : { timeout: limitMs }),
    })
    const callsIn = ({ content }: Anthropic.Message) =>
      content.flatMap(block =>
        block.type === 'tool_use' ? { name: block.name, arguments: block.input } : [],
      )
    return {
      async list() {
        return (await Array.fromAsync(client.models.list())).map(({ id }) => id)
      },
      async whole({ model, signal }) {
        const { content } = await client.messages.create(
          { model, messages, max_tokens: max_tokens },
          { signal },
        )
        return content.map(block => (block.type === 'text' ? block.text : '')).join('')
      },
      async *pieces({ model, signal }) {
        const stream = client.messages.stream({ model, messages, max_tokens: max_tokens }, { signal })
        for await (const event of stream) {
          if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
            yield event.delta.text
        }
      },
      async callTools({ model, streamed }) {
        const body = { model, messages, tools, max_tokens }
        return callsIn(
          streamed ? await client.messages.stream(body).finalMessage() : await client.messages.create(body),
        )
      },
    }
  },
}
