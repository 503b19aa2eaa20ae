import { expect, test } from 'vitest'
import { ensureWithinBudget } from '../../apps/dashboard/scripts/budget.ts'

const files = (...sizes: readonly [name: string, gzipBytes: number][]) =>
  sizes.map(([name, gzipBytes]) => ({ name, gzipBytes }))

const page = files(['index.html', 500], ['assets/a.js', 60_000], ['assets/a.css', 10_000])

test('a page of one document, one script and one sheet may be as heavy as the budget', () => {
  expect(() => ensureWithinBudget(page)).not.toThrow()
})

test.each([
  ['a script that is too heavy', files(['a.js', 60_001]), 'a.js has 60001 bytes, and may have 60000'],
  ['a sheet that is too heavy', files(['a.css', 10_001]), 'a.css has 10001 bytes, and may have 10000'],
  ['a file of another kind', files(['a.woff2', 1]), 'the page has a file that nothing asks for: a.woff2'],
  ['a second script', [...page, ...files(['b.js', 1])], 'the page needs more than three requests'],
])('%s is refused', (_what, built, message) => {
  expect(() => ensureWithinBudget(built)).toThrow(message)
})
