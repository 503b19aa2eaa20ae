import { spawn } from '@lydell/node-pty'
import { onTestFinished } from 'vitest'

export interface TerminalOptions {
  readonly columns?: number
  readonly rows?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A program in a terminal of its own. */
export interface Terminal {
  /** All that it has written so far. */
  output(): string
  type(keys: string): void
  resize(columns: number, rows: number): void
  kill(signal: NodeJS.Signals): void
  /** Resolves with the exit code, or 128 and the number of the signal. */
  readonly ended: Promise<number>
}

export const inTerminal = (
  [file = '', ...args]: readonly string[],
  { columns = 100, rows = 30, cwd, env = {} }: TerminalOptions,
): Terminal => {
  const terminal = spawn(file, args, {
    name: 'xterm-256color',
    cols: columns,
    rows,
    env: { ...env },
    ...(cwd !== undefined && { cwd }),
  })
  let [output, hasEnded] = ['', false]
  terminal.onData(text => (output += text))
  const { promise: ended, resolve } = Promise.withResolvers<number>()
  terminal.onExit(({ exitCode, signal = 0 }) => {
    hasEnded = true
    resolve(signal === 0 ? exitCode : 128 + signal)
  })
  onTestFinished(async () => {
    if (!hasEnded) terminal.kill('SIGKILL')
    await ended
  })
  return {
    output: () => output,
    type: keys => terminal.write(keys),
    resize: (cols, height) => terminal.resize(cols, height),
    kill: signal => terminal.kill(signal),
    ended,
  }
}
