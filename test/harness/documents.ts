import fs from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')

/** A document of this repository, by its path in it. */
export const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8')

export const exists = (file: string): boolean => fs.existsSync(path.join(root, file))

/** The paths of all Markdown files. */
export const documents = (): string[] =>
  fs
    .globSync('**/*.md', { cwd: root, exclude: name => name === 'node_modules' })
    .filter(file => !/(^|\/)(dist|results)\//.test(file))

/** The files that a pattern finds in this repository. */
export const files = (pattern: string): string[] =>
  fs.globSync(pattern, { cwd: root, exclude: name => name === 'node_modules' })

/** The cells of the rows of all tables, those of their heads left out. */
export const allRows = (markdown: string): string[][] =>
  [...markdown.matchAll(/^\|(?!-)(.*)\|$(?!\n\|-)/gm)].map(([, line]) =>
    line!.split('|').map(cell => cell.trim()),
  )

/** The rows whose first cell is a word of code. */
export const rows = (markdown: string): string[][] =>
  allRows(markdown).filter(([cell = '']) => cell.startsWith('`'))

/** The first cells of such rows, without what marks them as code. */
export const firstWords = (markdown: string): string[] =>
  rows(markdown).map(([cell = '']) => cell.slice(1, -1))

/** What stands behind one heading and before the next one that is no deeper. */
export const section = (markdown: string, heading: string): string => {
  const [, behind = ''] = markdown.split(`\n${heading}\n`)
  const depth = heading.indexOf(' ')
  return behind.split(new RegExp(`\n#{1,${depth}} `), 1)[0] ?? ''
}
