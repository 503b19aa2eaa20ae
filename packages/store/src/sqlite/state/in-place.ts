import fs from 'node:fs'

/**
 * Remembers which files these paths lead to.
 *
 * @returns a function that says whether they still do: false when one was deleted, moved or replaced
 */
export const inPlace = (paths: readonly string[]): (() => boolean) => {
  const opened = paths.map(identityOf)
  return () => paths.every((path, at) => identityOf(path) === opened[at])
}

/** What only one file of this machine has; undefined when there is no file, or when it cannot be looked at. */
const identityOf = (path: string): string | undefined => {
  try {
    const stat = fs.statSync(path, { bigint: true })
    return `${stat.dev}:${stat.ino}`
  } catch {
    return undefined
  }
}
