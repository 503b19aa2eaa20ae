import { exitCodes } from './exit-codes.ts'

/** The reason with which the signal of a command aborts. */
export class Stopped extends Error {
  override name = 'Stopped'
  readonly exitCode: number

  constructor(exitCode: number, message = '') {
    super(message)
    this.exitCode = exitCode
  }
}

const SIGNALS = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated, SIGHUP: 129 } as const

/** A signal that aborts when the command is asked to stop, or when its time is over. Asked a second time, it ends at once. */
export const stopSignal = (process: NodeJS.Process, timeoutMs: number | undefined): AbortSignal => {
  const controller = new AbortController()
  for (const [signal, exitCode] of Object.entries(SIGNALS))
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCode)
      controller.abort(new Stopped(exitCode))
    })
  if (timeoutMs !== undefined)
    setTimeout(() => {
      controller.abort(new Stopped(exitCodes.timeout, 'the time of --timeout is over'))
    }, timeoutMs).unref()
  return controller.signal
}

/** Lets signals end the process at once from here on, as those do that no handler catches: what is to come occupies it in one piece. */
export const endAtOnce = (process: NodeJS.Process): void => {
  for (const signal of Object.keys(SIGNALS)) process.removeAllListeners(signal)
}
