import { constants } from 'node:os'

/** What asked the process to stop. `orphaned`: the parent process is gone. */
export type StopReason = 'SIGTERM' | 'SIGINT' | 'orphaned'

/** Under npm one Ctrl-C arrives twice: from the terminal and from npm. Nobody presses it twice this fast. */
const SAME_SIGNAL_MS = 100

/**
 * Calls `stop` once: at the first SIGTERM or SIGINT, or when the parent process is gone. A second signal calls `atOnce`
 * and ends the process with 128 + the number of the signal. The same signal again within 100 ms counts as one signal.
 *
 * Only a process that was started with an IPC channel (`stdio: […, 'ipc']`) notices that its parent is gone: the system
 * closes the channel, however the parent ended. The channel does not keep the process running.
 *
 * @param process the global `process`
 * @param atOnce must not wait for anything
 * @example
 * onStopRequest(process, reason => {
 *   logger.info({ reason }, 'stopping')
 *   void server.stop().then(() => process.exit(0))
 * })
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
  // The parent may have ended while this process was still loading its modules.
  if (process.send !== undefined && !process.connected) setImmediate(orphaned)
}
