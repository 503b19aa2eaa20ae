import fs from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')

/**
 * The folder of a package of ours, from the root of the checkout.
 *
 * @param name such as `@foreman/store`
 */
export const folderOf = name =>
  ['apps', 'packages']
    .map(parent => `${parent}/${path.basename(name)}`)
    .find(folder => fs.existsSync(path.join(root, folder)))
