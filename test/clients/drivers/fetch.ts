import type { Client } from '../client.ts'
import { impatientFetch } from '../impatience.ts'
import { callsIn, type Chunk, messages, namesIn, tools } from './native.ts'

/** What people write who need no package for this. */
export const plainFetch: Client = {
  name: 'fetch',
  connect(url, limitMs) {
    const fetch = impatientFetch(limitMs)
    const chat = async (body: object, signal?: AbortSignal) => {
      const response = await fetch(`${url}/api/chat`, {
        method: 'POST',
        body: JSON.stringify(body),
        ...(signal ? { signal } : {}),
      })
      if (response.ok) return response
      const { error } = (await response.json()) as { error: string }
      throw Object.assign(new Error(error), { status: response.status })
    }
    const whole = async (body: object, signal?: AbortSignal) =>
      (await (await chat({ ...body, stream: false }, signal)).json()) as Chunk
    const pieces = async function* (body: object, signal?: AbortSignal): AsyncGenerator<Chunk> {
      const response = await chat(body, signal)
      let rest = ''
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split('\n')
        rest = lines.pop()!
        for (const line of lines) {
          const chunk = JSON.parse(line) as Chunk
          if (chunk.error !== undefined) throw new Error(chunk.error)
          yield chunk
        }
      }
    }
    return {
      async list() {
        return namesIn(await (await fetch(`${url}/api/tags`)).json())
      },
      async whole({ model, signal }) {
        return (await whole({ model, messages }, signal)).message.content
      },
      async *pieces({ model, signal }) {
        for await (const { message } of pieces({ model, messages }, signal)) yield message.content
      },
      async callTools({ model, streamed }) {
        const body = { model, messages, tools }
        return streamed ? (await Array.fromAsync(pieces(body))).flatMap(callsIn) : callsIn(await whole(body))
      },
    }
  },
}
