import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface Child {
  readonly process: ChildProcess
  /** Writes a line to its standard input. */
  tell(line: string): void
  /** Returns the next line of its standard output. */
  next(): Promise<string>
}

const storeUrl = new URL('../index.ts', import.meta.url).href

/**
 * Starts another Node process, until the current test ends.
 *
 * @param source a module that may use `openStore`, and `told()`: the next line that the test tells it
 */
export const startChild = (source: string): Child => {
  const prelude = `
    import { createInterface } from 'node:readline'
    import { openStore } from ${JSON.stringify(storeUrl)}
    const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
    const told = async () => (await lines.next()).value
  `
  const child = spawn(
    process.execPath,
    ['-C', '@foreman/source', '--input-type=module', '-e', prelude + source],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    tell: line => void child.stdin.write(`${line}\n`),
    next: async () => {
      const { done, value } = await lines.next()
      if (done) throw new Error('the child process has ended')
      return value
    },
  }
}
