import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const sources = fs
  .readdirSync(import.meta.dirname)
  .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))

const importsOf = (name: string): string[] => {
  const source = fs.readFileSync(path.join(import.meta.dirname, name), 'utf8')
  return [...source.matchAll(/(?:\bfrom|\bimport\(?)\s*'([^']+)'/g)].map(([, specifier]) => specifier!)
}

test('the package imports only its own files, so that it runs in a browser', () => {
  expect(sources).toContain('index.ts')
  expect(importsOf('index.ts')).toContain('./codes.ts')
  const foreign = sources.flatMap(name => importsOf(name).filter(specifier => !specifier.startsWith('./')))
  expect(foreign).toEqual([])
})

test('the package has no dependencies', async () => {
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
  expect(manifest).not.toHaveProperty('dependencies')
})
