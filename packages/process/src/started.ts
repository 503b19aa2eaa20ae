/**
 * What a process sends to its parent once it has started, so that the parent can tell a start that failed from the end
 * of a process that had been at work. Only a parent that opened an IPC channel (`stdio: […, 'ipc']`) gets it.
 */
export const STARTED = 'started'

/** @param process the global `process` */
export const reportStarted = (process: NodeJS.Process): void => {
  // The parent may be gone; that is not an error of this process.
  process.send?.(STARTED, undefined, undefined, () => undefined)
}
