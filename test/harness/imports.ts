import path from 'node:path'
import { files, read } from './documents.ts'

/** An import of a source file. Paths are relative to the repository. */
export interface Import {
  readonly from: string
  /** A package, a Node module, or the path of a file. */
  readonly to: string
  readonly isFile: boolean
  readonly isTypeOnly: boolean
}

const STATEMENT = /^(?:import|export)\b(?<type> type\b)?(?:[^'";]*?\bfrom)? '(?<to>[^']+)'/gm
const DYNAMIC = /\bimport\('(?<to>[^']+)'\)/g

/** What the sources in `folder` import; tests and what only tests use are left out. */
export const importsIn = (folder: string): Import[] =>
  files(`${folder}/**/*.{ts,tsx}`)
    .filter(file => !/\.test\.tsx?$|\/testing\//.test(file))
    .flatMap(from => {
      const source = read(from)
      return [...source.matchAll(STATEMENT), ...source.matchAll(DYNAMIC)].map(({ groups }) => {
        const to = groups?.['to'] ?? ''
        const isFile = to.startsWith('.')
        const isTypeOnly = groups?.['type'] !== undefined
        return { from, isFile, to: isFile ? path.posix.join(path.posix.dirname(from), to) : to, isTypeOnly }
      })
    })

/** The folder in this repository of a package of ours, such as `packages/jobs`; undefined for every other module. */
export const ownPackage = (module: string): string | undefined => {
  const [scope, name] = module.split('/')
  if (scope !== '@foreman' || name === undefined) return undefined
  return files(`{apps,packages}/${name}/package.json`).map(file => path.posix.dirname(file))[0]
}
