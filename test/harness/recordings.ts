import fs from 'node:fs'
import path from 'node:path'

/** One recorded HTTP exchange with a real Ollama; see test/recordings/README.md. */
export interface Recording {
  readonly name: string
  readonly request: { method: string; path: string; headers: Record<string, string>; body?: string }
  readonly response: {
    status: number
    headers: [string, string][]
    chunks: { atMs: number; text?: string; base64?: string }[]
    complete: boolean
  }
}

const directory = path.join(import.meta.dirname, '../recordings/ollama-0.24.0')

const readAll = (folder: string): Recording[] =>
  fs
    .readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .map(file => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')) as Recording)

export const recordings: readonly Recording[] = readAll(directory)

/** The same while something was killed, absent or full. */
export const faultRecordings: readonly Recording[] = readAll(path.join(directory, 'faults'))

export const recording = (name: string): Recording => {
  const found = recordings.find(one => one.name === name)
  if (!found) throw new Error(`no recording is called ${name}`)
  return found
}

export const chunksOf = ({ response }: Recording): Buffer[] =>
  response.chunks.map(({ text, base64 }) =>
    base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64'),
  )

export const bodyOf = (one: Recording): Buffer => Buffer.concat(chunksOf(one))

export const headerOf = ({ response }: Recording, name: string): string | undefined =>
  response.headers.find(([key]) => key.toLowerCase() === name)?.[1]
