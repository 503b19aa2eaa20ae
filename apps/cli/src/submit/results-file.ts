import { linesIn } from '@foreman/ollama-client'
import fs from 'node:fs'
import { UsageError } from '../failures/usage-error.ts'
import { DoneLines } from './done-lines.ts'
import type { LineOfInput } from './input-lines.ts'
import { lockResults, type ResultsLock } from './results-lock.ts'

/** A line of results is that of foreman with the line of the input in place of its index. */
export const resultLine = ({ number, hash }: LineOfInput, line: string): string =>
  line.replace(/^\{("index":\d+,)?/, () => `{"line":${number},"input":"${inHex(hash)}",`)

const inHex = (hash: number): string => hash.toString(16).padStart(8, '0')

const lineIn = (text: string): LineOfInput | undefined => {
  const [, number, hash] = /^\{"line":(\d+),"input":"([0-9a-f]{8})",.*\}$/s.exec(text) ?? []
  return number === undefined ? undefined : { number: Number(number), hash: Number.parseInt(hash!, 16) }
}

/** A file of results, which a later run continues. */
export interface ResultsFile {
  /** The results that it has had from the beginning. */
  readonly done: DoneLines
  readonly append: (line: string) => void
  /** Sees to it that all of it is on the disk. */
  close(): void
}

/**
 * Opens a file of results, or begins one. A last line that was cut off when its writer was killed is removed.
 *
 * @param file its path
 * @throws UsageError when it has something else, is in another order than is wanted, or is being written
 */
export const openResultsFile = async (
  file: string,
  { isInOrder }: { readonly isInOrder: boolean },
): Promise<ResultsFile> => {
  const opened = openToAppend(file)
  let lock: ResultsLock | undefined
  try {
    lock = lockResults(file)
    const done = await readResults(file, opened, isInOrder)
    return {
      done,
      append: line => fs.appendFileSync(opened, `${line}\n`),
      close: () => {
        fs.fsyncSync(opened)
        fs.closeSync(opened)
        lock?.release()
      },
    }
  } catch (error) {
    fs.closeSync(opened)
    lock?.release()
    throw error
  }
}

const openToAppend = (file: string): number => {
  try {
    // A pipe or a device has no results to go on from: reading them would not end.
    if (fs.statSync(file, { throwIfNoEntry: false })?.isFile() === false)
      throw new Error(`${file} is no file; without --output they go to stdout`)
    return fs.openSync(file, 'a+')
  } catch (error) {
    throw new UsageError(`the results cannot be written: ${(error as Error).message}`, { cause: error })
  }
}

const readResults = async (file: string, opened: number, isInOrder: boolean): Promise<DoneLines> => {
  const done = new DoneLines()
  const { size } = fs.fstatSync(opened)
  let [at, count, last] = [0, 0, 0]
  for await (const bytes of linesIn(fs.createReadStream(file, { end: Math.max(0, size - 1) }))) {
    const end = at + bytes.length + 1
    if (end > size) break
    const line = lineIn(bytes.toString())
    count++
    if (!line)
      throw new UsageError(
        `${file}, line ${count}: it is not of 'foreman submit': give another file with --output`,
      )
    if (isInOrder && line.number < last)
      throw new UsageError(
        `${file}, line ${count}: it was written without --in-order: leave that out, or give another file`,
      )
    done.add(line)
    last = line.number
    at = end
  }
  if (at < size) fs.ftruncateSync(opened, at)
  return done
}
