import type { Recording } from '@foreman/ollama-client/testing'
import fs from 'node:fs'
import path from 'node:path'

export type { Recording }

const directory = path.join(import.meta.dirname, '../recordings/ollama-0.24.0')

const readAll = (folder: string): Recording[] =>
  fs
    .readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .map(file => {
      const text = fs.readFileSync(path.join(folder, file), 'utf8')
      return { ...(JSON.parse(text) as Omit<Recording, 'version'>), version: '0.24.0' }
    })

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
