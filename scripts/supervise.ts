import { EXIT_BAD_CONFIGURATION } from '@foreman/process'
import { type BackOff, type ChildCommand, KeptChild } from './child-process.ts'

export interface Supervisor {
  /** The exit code, once every child is gone. */
  finished: Promise<number>
  /** Stops the children one after the other, in the order given. May be called again. */
  stop: () => void
  /** Kills them all at once. */
  kill: () => void
}

export interface SuperviseOptions {
  /** In the order in which they are stopped. They all start at once. */
  children: readonly ChildCommand[]
  log: (line: string) => void
  backOff?: BackOff
}

/** Runs the children until it is stopped or one of them finds its configuration bad, starting again whichever dies. */
export const supervise = ({
  children,
  log,
  backOff = { firstMs: 200, longestMs: 5000, resetAfterMs: 10_000 },
}: SuperviseOptions): Supervisor => {
  const { promise: finished, resolve: finish } = Promise.withResolvers<number>()
  let exitCode = 0
  let stopping = false

  const stop = () => {
    if (stopping) return
    stopping = true
    void stopInOrder(kept).then(() => finish(exitCode))
  }
  const givesUp = (code: number | null) => {
    if (code !== EXIT_BAD_CONFIGURATION) return false
    exitCode = code
    // Later: this child still has to be noted as gone.
    queueMicrotask(stop)
    return true
  }
  const kept = children.map(command => new KeptChild(command, { backOff, log, givesUp }))
  for (const child of kept) child.start()
  return { finished, stop, kill: () => kept.forEach(child => child.kill()) }
}

const stopInOrder = async (children: readonly KeptChild[]): Promise<void> => {
  for (const child of children) await child.stop()
}
