import type { Client } from '../client.ts'
import { printedLines } from '../printed-lines.ts'
import { callsIn, type Chunk, messages, namesIn, tools } from './native.ts'

/** The lines that curl prints; what it says when it fails. */
const linesOf = async function* (args: readonly string[], signal?: AbortSignal): AsyncGenerator<string> {
  const flags = ['--silent', '--show-error', '--no-buffer', '--fail-with-body']
  try {
    yield* printedLines({ file: 'curl', args: [...flags, ...args], signal })
  } catch (error) {
    const { message } = error as Error
    throw Object.assign(new Error(message), { status: statusIn(message) })
  }
}

/** `curl: (22) The requested URL returned error: 404` */
const statusIn = (complaint: string): number | undefined => {
  const [, status] = /returned error: (\d+)/.exec(complaint) ?? []
  return status === undefined ? undefined : Number(status)
}

export const curl: Client = {
  name: 'curl',
  isPatient: true,
  connect(url) {
    const chat = async function* (body: object, signal?: AbortSignal): AsyncGenerator<Chunk> {
      let told: string | undefined
      try {
        for await (const line of linesOf([`${url}/api/chat`, '--data', JSON.stringify(body)], signal)) {
          const chunk = JSON.parse(line) as Chunk
          told = chunk.error
          if (told === undefined) yield chunk
        }
      } catch (error) {
        throw new Error(told, { cause: error })
      }
      if (told !== undefined) throw new Error(told)
    }
    return {
      async list() {
        const [line] = await Array.fromAsync(linesOf([`${url}/api/tags`]))
        return namesIn(JSON.parse(line!))
      },
      async whole({ model, signal }) {
        const [answer] = await Array.fromAsync(chat({ model, messages, stream: false }, signal))
        return answer!.message.content
      },
      async *pieces({ model, signal }) {
        for await (const { message } of chat({ model, messages }, signal)) yield message.content
      },
      async callTools({ model, streamed }) {
        return (await Array.fromAsync(chat({ model, messages, tools, stream: streamed }))).flatMap(callsIn)
      },
    }
  },
}
