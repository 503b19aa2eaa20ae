import fs from 'node:fs'

/** How much more a user may write on the disk of a path. @throws Error when nobody can say */
export const freeBytesOf = (path: string): number => {
  const { bavail, bsize } = fs.statfsSync(path)
  return bavail * bsize
}
