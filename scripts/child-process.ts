import type { Environment } from '@foreman/process'
import { type ChildProcess, spawn } from 'node:child_process'

export interface ChildCommand {
  /** For log lines. */
  name: string
  /** Arguments of node: a file and its own. */
  args: readonly string[]
  env: Environment
}

/** How long a child that died stays down: doubles from the first to the longest, anew once a child stayed up. */
export interface BackOff {
  firstMs: number
  longestMs: number
  resetAfterMs: number
}

/** The wait before the next start, from the wait before this one (0 for none) and how long the child was up. */
export const nextDelayMs = (
  delayMs: number,
  upMs: number,
  { firstMs, longestMs, resetAfterMs }: BackOff,
): number => (delayMs === 0 || upMs >= resetAfterMs ? firstMs : Math.min(delayMs * 2, longestMs))

export interface KeepRunningOptions {
  backOff: BackOff
  log: (line: string) => void
  /** Called with the exit code of a child that died; true when starting it again would not help. */
  givesUp: (code: number | null) => boolean
}

/** One child that is started again whenever it dies, until it is stopped. */
export class KeptChild {
  readonly #command: ChildCommand
  readonly #options: KeepRunningOptions
  #process: ChildProcess | undefined
  #restart: NodeJS.Timeout | undefined
  #delayMs = 0
  #stopping = false
  readonly #gone = Promise.withResolvers<void>()

  constructor(command: ChildCommand, options: KeepRunningOptions) {
    this.#command = command
    this.#options = options
  }

  start(): void {
    const startedAt = performance.now()
    // A session of its own: what the terminal sends goes to the parent alone, which stops its children in order.
    // The channel closes when the parent is gone, however it went.
    const child = spawn(process.execPath, ['-C', '@foreman/source', ...this.#command.args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
      env: this.#command.env,
    })
    this.#process = child
    let ended = false
    const end = (how: string, code: number | null) => {
      if (ended) return
      ended = true
      this.#ended(how, code, performance.now() - startedAt)
    }
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`, code))
    child.on('error', error => {
      if (child.pid === undefined) end(error.message, null)
    })
  }

  /** Asks the child to stop and resolves once it is gone. May be called again. */
  stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    if (this.#process) this.#process.kill('SIGTERM')
    else this.#gone.resolve()
    return this.#gone.promise
  }

  kill(): void {
    this.#stopping = true
    clearTimeout(this.#restart)
    this.#process?.kill('SIGKILL')
  }

  #ended(how: string, code: number | null, upMs: number): void {
    this.#process = undefined
    if (this.#stopping || this.#options.givesUp(code)) {
      this.#stopping = true
      return this.#gone.resolve()
    }
    this.#delayMs = nextDelayMs(this.#delayMs, upMs, this.#options.backOff)
    this.#options.log(`${this.#command.name} died (${how}), starting it again in ${this.#delayMs / 1000} s`)
    this.#restart = setTimeout(() => this.start(), this.#delayMs)
  }
}
