import { expect, test } from 'vitest'
import { curlLine, shellQuoted } from './curl.ts'

test.each([
  ['plain', "'plain'"],
  ["it's", String.raw`'it'\''s'`],
  ['$(touch x) `id` \\ !', "'$(touch x) `id` \\ !'"],
])('%j is one word for a shell: %s', (text, word) => {
  expect(shellQuoted(text)).toBe(word)
})

test('the token is a variable, and the body is one word', () => {
  const line = curlLine({ url: 'http://127.0.0.1:8080/api/chat', hasTokens: true, json: `{"prompt":"it's"}` })
  expect(line).toBe(
    String.raw`curl -H "Authorization: Bearer $FOREMAN_TOKEN" 'http://127.0.0.1:8080/api/chat' -H 'Content-Type: application/json' -d '{"prompt":"it'\''s"}'`,
  )
})

test('a file of JSON Lines is named, and sent as it is', () => {
  const url = 'http://127.0.0.1:8080/jobs/batch'
  expect(curlLine({ url, hasTokens: true, jsonLinesIn: 'jobs.jsonl' })).toBe(
    `curl -H "Authorization: Bearer $FOREMAN_TOKEN" '${url}' -H 'Content-Type: application/x-ndjson' --data-binary @'jobs.jsonl'`,
  )
})

test('what would act on a terminal is written with letters, and means the same', () => {
  const json = '{"prompt":"\u202e\u009b1m"}'
  const line = curlLine({ url: 'http://h/', hasTokens: false, json })
  expect(line).toContain(String.raw`{"prompt":"\u202e\u009b1m"}`)
})
