import { spawn, type SpawnOptions } from 'node:child_process'
import readline from 'node:readline'

/** A program that is run to its end. */
interface Program {
  readonly file: string
  readonly args: readonly string[]
  readonly options?: Pick<SpawnOptions, 'cwd' | 'env'>
  readonly signal?: AbortSignal | undefined
}

/**
 * The lines that a program prints.
 *
 * @throws Error with what it wrote to stderr, when it fails
 */
export const printedLines = async function* (program: Program): AsyncGenerator<string> {
  const { file, args, options = {}, signal } = program
  const child = spawn(file, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  })
  // To be killed is one; the end comes all the same.
  child.on('error', () => undefined)
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  let complaint = ''
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()))
  yield* readline.createInterface(child.stdout)
  if ((await ended) !== 0) throw new Error(complaint)
}
