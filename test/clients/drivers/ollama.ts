import { Ollama } from 'ollama'
import type { Client } from '../client.ts'
import { impatientFetch } from '../impatience.ts'
import { callsIn, messages, tools } from './native.ts'

export const ollama: Client = {
  name: 'ollama',
  connect(host, limitMs) {
    const client = new Ollama({ host, fetch: impatientFetch(limitMs) })
    /** It takes no signal, but can give up all its streams at once. */
    const heed = (signal: AbortSignal | undefined) =>
      signal?.addEventListener('abort', () => client.abort(), { once: true })
    return {
      async list() {
        return (await client.list()).models.map(({ name }) => name)
      },
      async whole({ model, signal }) {
        heed(signal)
        return (await client.chat({ model, messages })).message.content
      },
      async *pieces({ model, signal }) {
        heed(signal)
        for await (const { message } of await client.chat({ model, messages, stream: true })) {
          yield message.content
        }
      },
      async callTools({ model, streamed }) {
        if (!streamed) return callsIn(await client.chat({ model, messages, tools }))
        const chunks = await client.chat({ model, messages, tools, stream: true })
        return (await Array.fromAsync(chunks)).flatMap(callsIn)
      },
    }
  },
}
