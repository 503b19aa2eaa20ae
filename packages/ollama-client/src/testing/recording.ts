import { readdirSync, readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { serveRaw } from './stand-in.ts'

/** The versions of Ollama with which there are recordings. */
export const VERSIONS = ['0.24.0', '0.33.0'] as const

export type Version = (typeof VERSIONS)[number]

/** One recorded HTTP exchange with a real Ollama; see test/recordings/README.md. */
export interface Recording {
  /** The version of Ollama that answered. */
  readonly version: Version
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly response: {
    readonly status: number
    readonly headers: [string, string][]
    readonly chunks: readonly { readonly text?: string; readonly base64?: string }[]
    readonly complete: boolean
  }
}

const folderOf = (version: Version): URL =>
  new URL(`../../../../test/recordings/ollama-${version}/`, import.meta.url)

/** The recording in `name`.json; `name` may begin with `faults/`. */
export const recording = (name: string, version: Version = '0.24.0'): Recording => {
  const text = readFileSync(new URL(`${name}.json`, folderOf(version)), 'utf8')
  return { ...(JSON.parse(text) as Omit<Recording, 'version'>), version }
}

/** The recordings of every version, without the faults. */
export const recordings: readonly Recording[] = VERSIONS.flatMap(version =>
  readdirSync(folderOf(version))
    .filter(file => file.endsWith('.json'))
    .map(file => recording(file.slice(0, -'.json'.length), version)),
)

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
