import { ChatOllama } from '@langchain/ollama'
import { type Client, PROMPT, weather } from '../client.ts'
import { impatientFetch } from '../impatience.ts'

const tools = [{ type: 'function' as const, function: weather }]

export const langchain: Client = {
  name: '@langchain/ollama',
  connect(baseUrl, limitMs) {
    const connect = (model: string) =>
      new ChatOllama({ baseUrl, model, maxRetries: 0, fetch: impatientFetch(limitMs) })
    return {
      async whole({ model, signal }) {
        return (await connect(model).invoke(PROMPT, signal ? { signal } : {})).text
      },
      async *pieces({ model, signal }) {
        for await (const { text } of await connect(model).stream(PROMPT, signal ? { signal } : {})) yield text
      },
      async callTools({ model, streamed }) {
        const bound = connect(model).bindTools(tools)
        const answers = streamed
          ? await Array.fromAsync(await bound.stream(PROMPT))
          : [await bound.invoke(PROMPT)]
        return answers.flatMap(({ tool_calls: calls }) =>
          (calls ?? []).map(({ name, args }) => ({ name, arguments: args })),
        )
      },
    }
  },
}
