import { expect, test } from 'vitest'
import { errorInWords } from './error-words.ts'

test.each([
  [{ status: 500 }, 'status 500'],
  [{ error: 'timeout' }, 'it did not answer in time'],
  [{ error: 'a_new_one' }, 'a_new_one'],
])('%j: %s', (error, words) => {
  expect(errorInWords(error)).toBe(words)
})
