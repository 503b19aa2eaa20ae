import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

/** The folder of this app. */
export const app = path.join(import.meta.dirname, '..')

/** What is served. Nothing in it is kept in git. */
export const dist = path.join(app, 'dist')

/** In `dist`: what the sources were of which it was built. */
export const STAMP = '.sources'

/** Whether the page was built of the sources as they are. By their content, because git and images change times. */
export const isBuilt = (): boolean => {
  try {
    return fs.readFileSync(path.join(dist, STAMP), 'utf8') === stampOfSources()
  } catch {
    return false
  }
}

export const stampOfSources = (): string => {
  const hash = createHash('sha256')
  for (const file of sources()) hash.update(`${path.relative(app, file)}\0`).update(fs.readFileSync(file))
  return hash.digest('hex')
}

const sources = (): string[] => [
  ...['index.html', 'package.json', 'vite.config.ts'].map(name => path.join(app, name)),
  ...[app, ...ownDependencies()].flatMap(folder => filesBelow(path.join(folder, 'src'))),
]

/** The folders of the packages of ours that go into the page. */
const ownDependencies = (): string[] => {
  const manifest = fs.readFileSync(path.join(app, 'package.json'), 'utf8')
  const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }
  return Object.entries(dependencies)
    .filter(([, version]) => version.startsWith('workspace:'))
    .map(([name]) => path.join(app, '../../packages', path.basename(name)))
}

const filesBelow = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .toSorted()
