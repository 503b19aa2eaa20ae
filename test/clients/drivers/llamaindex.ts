import { extractText } from '@llamaindex/core/utils'
import { Ollama } from '@llamaindex/ollama'
import { type Client, PROMPT } from '../client.ts'

const messages = [{ role: 'user' as const, content: PROMPT }]

export const llamaindex: Client = {
  name: 'LlamaIndex.ts',
  connect(host) {
    const connect = (model: string) => new Ollama({ model, config: { host } })
    return {
      async whole({ model }) {
        return extractText((await connect(model).chat({ messages })).message.content)
      },
      async *pieces({ model }) {
        for await (const { delta } of await connect(model).chat({ messages, stream: true })) yield delta
      },
    }
  },
}
