import { EXIT_BAD_CONFIGURATION } from '@foreman/process'
import { type BackOff, type ChildCommand, KeptChild } from './child-process.ts'

export interface Supervisor {
  /** Resolves with the exit code once every child is gone. */
  readonly finished: Promise<number>
  /** Stops the children one after the other, in the order given. A second call does nothing. */
  readonly stop: () => void
  /** Kills all children at once. */
  readonly kill: () => void
}

export interface SuperviseOptions {
  /** In the order in which they are stopped. All of them start at once. */
  readonly children: readonly ChildCommand[]
  readonly log: (line: string) => void
  readonly backOff?: BackOff
}

/**
 * Starts the children, and starts each again that dies, until it is told to stop or a child that has never worked exits
 * with EXIT_BAD_CONFIGURATION. Then it stops them all.
 */
export const supervise = ({
  children,
  log,
  backOff = { firstMs: 200, longestMs: 5000, resetAfterMs: 10_000 },
}: SuperviseOptions): Supervisor => {
  const { promise: finished, resolve: finish } = Promise.withResolvers<number>()
  let exitCode = 0
  let isStopping = false

  const stop = () => {
    if (isStopping) return
    isStopping = true
    void stopInOrder(kept).then(() => finish(exitCode))
  }
  const givesUp = (code: number | null) => {
    if (code !== EXIT_BAD_CONFIGURATION) return false
    exitCode = code
    // Not before this child has recorded that it is gone.
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
