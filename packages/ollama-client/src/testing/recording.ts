import { readdirSync, readFileSync } from 'node:fs'

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

const namesIn = (version: Version, folder = ''): string[] =>
  readdirSync(new URL(folder, folderOf(version)))
    .filter(file => file.endsWith('.json'))
    .map(file => folder + file.slice(0, -'.json'.length))

/** The recordings of every version, without the faults. */
export const recordings: readonly Recording[] = VERSIONS.flatMap(version =>
  namesIn(version).map(name => recording(name, version)),
)

/** What 0.24.0 answered while something was killed, absent or full. */
export const faultRecordings: readonly Recording[] = namesIn('0.24.0', 'faults/').map(name => recording(name))

export const chunksOf = ({ response }: Recording): Buffer[] =>
  response.chunks.map(({ text, base64 }) =>
    base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64'),
  )

export const bodyOf = (recorded: Recording): Buffer => Buffer.concat(chunksOf(recorded))

export const headerOf = ({ response }: Recording, name: string): string | undefined =>
  response.headers.find(([each]) => each.toLowerCase() === name)?.[1]
