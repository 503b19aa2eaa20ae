import { linesIn } from '@foreman/ollama-client'
import fs from 'node:fs'
import { UsageError } from '../failures/usage-error.ts'

/** What is read from stdin. */
const STDIN = '-'

/** @param file a path, or `-` for stdin */
export const openInput = (file: string): AsyncIterable<Uint8Array> =>
  file === STDIN ? process.stdin : fs.createReadStream(file)

/**
 * How many lines a file has that are not blank. Undefined: it can be read only once.
 *
 * @throws UsageError when there is no such file
 */
export const countLines = async (file: string): Promise<number | undefined> => {
  if (file === STDIN) return undefined
  try {
    const stat = fs.statSync(file)
    if (stat.isDirectory()) throw new Error(`${file} is a directory`)
    if (!stat.isFile()) return undefined
    let count = 0
    for await (const line of linesIn(fs.createReadStream(file))) if (line.some(byte => byte > 0x20)) count++
    return count
  } catch (error) {
    throw new UsageError(`the input cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
