import { constants } from 'node:os'

/** What asked the process to stop; `orphaned`: the parent that started it is gone. */
export type StopReason = 'SIGTERM' | 'SIGINT' | 'orphaned'

/** Ctrl-C under npm arrives twice, from the terminal and from npm. Nobody types it twice this fast. */
const SAME_SIGNAL_MS = 100

/**
 * Calls `stop`, once, at the first SIGTERM or SIGINT, or when the parent is gone. The second signal ends the process
 * at once with 128 + its number, after `atOnce`. The same signal again within 100 ms counts as one.
 *
 * The parent is known by an IPC channel (`stdio: […, 'ipc']`), which the system closes however the parent ends; a
 * process that was started without one has no parent to lose. The channel does not keep the process running.
 */
export const onStopRequest = (
  process: NodeJS.Process,
  stop: (reason: StopReason) => void,
  atOnce: () => void = () => {},
): void => {
  let stopping = false
  const stopOnce = (reason: StopReason) => {
    if (stopping) return
    stopping = true
    stop(reason)
  }

  let first: { signal: string; at: number } | undefined
  const onSignal = (signal: 'SIGTERM' | 'SIGINT') => {
    const at = performance.now()
    first ??= { signal, at }
    if (first.at === at || (first.signal === signal && at - first.at < SAME_SIGNAL_MS))
      return stopOnce(signal)
    atOnce()
    process.exit(128 + constants.signals[signal])
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)

  const orphaned = () => stopOnce('orphaned')
  process.once('disconnect', orphaned)
  process.channel?.unref()
  // The parent may have gone while this process was still loading its modules.
  if (process.send !== undefined && !process.connected) setImmediate(orphaned)
}
