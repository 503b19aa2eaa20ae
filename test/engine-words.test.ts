import { describe, expect, test } from 'vitest'
import { files, read } from './harness/documents.ts'

/** Words that say which engine is behind the store, or how it works. */
const ENGINE_WORDS =
  /\b(sqlite3?|drizzle|postgres(ql)?|pg|wal|pragma|busy_?timeout(_?ms)?|data_version|savepoint|exclusive lock)\b|\.(together|atOnce)\(/i

const sources = files('{apps,packages}/*/{src,*.config.ts,package.json}')
  .flatMap(place => (/\.(ts|json)$/.test(place) ? [place] : files(`${place}/**/*.ts`)))
  .filter(file => !file.startsWith('packages/store/'))

const hits = (file: string): string[] =>
  read(file)
    .split('\n')
    .flatMap((line, at) => (ENGINE_WORDS.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : []))

describe('outside the store', () => {
  test('no app and no other package has a word of an engine', () => {
    expect(sources.length).toBeGreaterThan(200)
    expect(sources.flatMap(hits)).toEqual([])
  })

  test.each([
    'import Database from "better-sqlite3"',
    'busyTimeoutMs: 5',
    'store.atOnce(',
    'PRAGMA data_version',
  ])('the search finds %s', line => {
    expect(line).toMatch(ENGINE_WORDS)
  })
})
