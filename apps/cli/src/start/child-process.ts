import { type Environment, type Service, STARTED } from '@foreman/process'
import { type ChildProcess, spawn } from 'node:child_process'

export interface ChildCommand {
  /** For log lines. */
  readonly name: string
  /** The arguments of node: a file, and the arguments of that file. */
  readonly args: readonly string[]
  readonly env: Environment
}

/**
 * How long a child that died waits for its next start: `firstMs`, then twice as long each time up to `longestMs`. A
 * child that ran for `resetAfterMs` begins with `firstMs` again.
 */
export interface BackOff {
  readonly firstMs: number
  readonly longestMs: number
  readonly resetAfterMs: number
}

/**
 * The wait before the next start.
 *
 * @param delayMs the wait before the last start; 0 if there was none
 * @param upMs how long the child ran
 */
export const nextDelayMs = (
  delayMs: number,
  upMs: number,
  { firstMs, longestMs, resetAfterMs }: BackOff,
): number => (delayMs === 0 || upMs >= resetAfterMs ? firstMs : Math.min(delayMs * 2, longestMs))

export interface KeptChildOptions {
  readonly backOff: BackOff
  readonly log: (line: string) => void
  /** Called with the exit code of a child that died before it ever worked. Returns true when another start would not help. */
  readonly givesUp: (code: number | null) => boolean
}

/**
 * A child process that is started again whenever it dies, until it is stopped. Only a child that has not yet reported
 * STARTED may be given up: the configuration of one that was at work is good, whatever its exit code says later.
 */
export class KeptChild implements Service {
  readonly #command: ChildCommand
  readonly #options: KeptChildOptions
  readonly #gone = Promise.withResolvers<void>()
  #process: ChildProcess | undefined
  #restart: NodeJS.Timeout | undefined
  #delayMs = 0
  #hasWorked = false
  #isStarted = false
  #isStopping = false

  constructor(command: ChildCommand, options: KeptChildOptions) {
    this.#command = command
    this.#options = options
  }

  start(): void {
    if (this.#isStarted || this.#isStopping) return
    this.#isStarted = true
    this.#spawn()
  }

  /** Asks the child to stop, and resolves once it is gone. */
  stop(): Promise<void> {
    if (!this.#isStopping) this.#end('SIGTERM')
    return this.#gone.promise
  }

  /** Ends the child at once, also while it stops. */
  kill(): void {
    this.#end('SIGKILL')
  }

  #end(signal: NodeJS.Signals): void {
    this.#isStopping = true
    clearTimeout(this.#restart)
    if (this.#process) this.#process.kill(signal)
    else this.#gone.resolve()
  }

  #spawn(): void {
    const startedAt = performance.now()
    // Its own session: a Ctrl-C on the terminal reaches the parent alone, which then stops its children in order.
    // The IPC channel closes when the parent is gone, however it ended.
    const child = spawn(process.execPath, ['-C', '@foreman/source', ...this.#command.args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
      env: this.#command.env,
    })
    this.#process = child
    let isOver = false
    const end = (how: string, code: number | null) => {
      if (isOver) return
      isOver = true
      this.#ended(how, code, performance.now() - startedAt)
    }
    child.on('message', message => {
      if (message === STARTED) this.#hasWorked = true
    })
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`, code))
    child.on('error', error => {
      if (child.pid === undefined) end(error.message, null)
    })
  }

  #ended(how: string, code: number | null, upMs: number): void {
    this.#process = undefined
    if (this.#isStopping || (!this.#hasWorked && this.#options.givesUp(code))) {
      this.#isStopping = true
      return this.#gone.resolve()
    }
    this.#delayMs = nextDelayMs(this.#delayMs, upMs, this.#options.backOff)
    this.#options.log(`${this.#command.name} died (${how}), starting it again in ${this.#delayMs / 1000} s`)
    this.#restart = setTimeout(() => this.#spawn(), this.#delayMs)
  }
}
