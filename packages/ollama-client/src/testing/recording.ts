import { readdirSync, readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { serveRaw } from './stand-in.ts'

export interface Recording {
  name: string
  request: { method: string; path: string; headers: Record<string, string>; body?: string }
  response: {
    status: number
    headers: [string, string][]
    chunks: { text?: string; base64?: string }[]
    complete: boolean
  }
}

const FOLDER = new URL('../../../../test/recordings/ollama-0.24.0/', import.meta.url)

export const recording = (name: string): Recording =>
  JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Recording

export const recordingNames = (): string[] =>
  readdirSync(FOLDER)
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))

export const chunkBytes = ({ response }: Recording): Buffer[] =>
  response.chunks.map(({ text, base64 }) =>
    text === undefined ? Buffer.from(base64!, 'base64') : Buffer.from(text),
  )

/** Starts a server that answers every request with the recorded bytes, without the recorded pauses. */
export const replay = (recorded: Recording): Promise<string> => {
  const { status, headers, complete } = recorded.response
  const chunked = headers.some(([name]) => name === 'Transfer-Encoding')
  return serveRaw(socket => {
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`)
    socket.write(`${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    for (const bytes of chunkBytes(recorded)) {
      if (chunked) socket.write(`${bytes.length.toString(16)}\r\n`)
      socket.write(bytes)
      if (chunked) socket.write('\r\n')
    }
    if (!complete) socket.destroySoon()
    else socket.end(chunked ? '0\r\n\r\n' : '')
  })
}
