import fs from 'node:fs'
import { expect, test } from 'vitest'

/** A file and all files that it imports. Imports of types do not count: they do not exist at run time. */
const importedBy = (file: URL, seen = new Map<string, string>()): Map<string, string> => {
  if (seen.has(file.href)) return seen
  const source = fs.readFileSync(file, 'utf8')
  seen.set(file.href, source)
  for (const [, path] of source.matchAll(/^(?:import|export) (?!type )[^'"]*?from '(\.[^']+)'/gms))
    importedBy(new URL(path!, file), seen)
  return seen
}

test.each([
  'answer/fold/fold.ts',
  'answer/check.ts',
  'answer/token-count.ts',
  'answer/spoken/spoken-reader.ts',
  'wire/endpoints.ts',
])('%s runs in a browser, because none of its imports needs Node', entry => {
  const files = importedBy(new URL(entry, import.meta.url))
  expect(files.size).toBeGreaterThan(2)
  for (const [file, source] of files) {
    expect([file, /\bBuffer\b|from 'node:|from '[^.']/.exec(source)?.[0]]).toEqual([file, undefined])
  }
})
