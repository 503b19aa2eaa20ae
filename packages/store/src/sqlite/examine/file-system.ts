import fs from 'node:fs'
import path from 'node:path'

/** The escapes of /proc/self/mountinfo. */
const unescaped = (text: string): string =>
  text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/**
 * On which kind of file system a path is, as Linux says it. Undefined: nobody knows.
 *
 * @param mounts the text of /proc/self/mountinfo
 * @example
 * fileSystemIn('36 35 98:0 / /mnt rw - nfs4 server:/ rw', '/mnt/queue.db') // 'nfs4'
 */
export const fileSystemIn = (mounts: string, file: string): string | undefined => {
  let [found, longest] = [undefined as string | undefined, -1]
  for (const line of mounts.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const point = unescaped(before.split(' ')[4] ?? '')
    const isBelow =
      point !== '' && (file === point || file.startsWith(point.endsWith('/') ? point : `${point}/`))
    // Of two on the same point the last one covers the other.
    if (isBelow && point.length >= longest) [found, longest] = [after.split(' ')[0], point.length]
  }
  return found
}

/** @returns undefined where there is no /proc */
export const fileSystemOf = (file: string): string | undefined => {
  try {
    return fileSystemIn(fs.readFileSync('/proc/self/mountinfo', 'utf8'), path.resolve(file))
  } catch {
    return undefined
  }
}
