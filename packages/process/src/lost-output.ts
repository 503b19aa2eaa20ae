/** Has a name, so that it is added once however often a process asks. */
const ignore = (): void => undefined

/**
 * Lets a process work on when nobody reads its stdout or stderr any more, or when the disk under its log is full: each
 * write then fails, and Node ends a process that does not listen for that error. The lines are lost.
 *
 * @param process the global `process`
 */
export const surviveLostOutput = ({ stdout, stderr }: NodeJS.Process): void => {
  for (const stream of [stdout, stderr]) stream.off('error', ignore).on('error', ignore)
}
