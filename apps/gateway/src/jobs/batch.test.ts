import { runSteps } from '@foreman/ollama-client'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../http/refusal.ts'
import { BatchRefusal } from '../intake/batch-refusal.ts'
import { MAX_JOBS_OF_A_BATCH, readBatch } from './batch.ts'
import { readSubmission } from './submission.ts'

const LINES = 'application/x-ndjson'
const ARRAY = 'application/json'
const submission = (prompt: string) => JSON.stringify({ request: { model: 'm', prompt } })

const read = (body: string, contentType: string) =>
  runSteps(
    readBatch(Buffer.from(body), contentType, bytes =>
      readSubmission(bytes, {
        caller: 'c',
        senderFor: () => ({ account: '', sender: '' }),
        deadlinesAfter: 0,
      }),
    ),
  )

const promptsIn = (body: string, contentType: string) =>
  read(body, contentType).jobs.map(job => (JSON.parse(job.body.toString()) as { prompt: string }).prompt)

describe('a batch of', () => {
  test.each([
    ['JSON Lines', LINES, `${submission('a')}\n${submission('b')}\n`],
    ['JSON Lines without a last line feed', 'application/jsonl', `${submission('a')}\n${submission('b')}`],
    [
      'JSON Lines with blank lines and CR',
      `${LINES}; charset=utf-8`,
      `\n${submission('a')}\r\n \t\n${submission('b')}\n\n`,
    ],
    ['a JSON array', ARRAY, ` [ ${submission('a')} , ${submission('b')} ] `],
  ])('%s is read in order', (_what, contentType, body) => {
    expect(promptsIn(body, contentType)).toEqual(['a', 'b'])
  })

  test.each([
    ['another type', 'text/plain', submission('a'), 415, 'unsupported_media_type'],
    ['no jobs', LINES, '\n\n', 422, 'invalid_request'],
    ['an empty array', ARRAY, '[]', 422, 'invalid_request'],
    ['an object in place of an array', ARRAY, submission('a'), 400, 'invalid_request'],
    ['an array that does not end', ARRAY, `[${submission('a')}`, 400, 'invalid_request'],
    ['too many jobs', LINES, `${submission('a')}\n`.repeat(MAX_JOBS_OF_A_BATCH + 1), 413, 'too_many_jobs'],
  ])('%s is refused', (_what, contentType, body, status, code) => {
    expect(() => read(body, contentType)).toThrow(expect.objectContaining({ status, code }))
  })
})

describe('a job that is refused', () => {
  test('is named by its line in JSON Lines, blank lines counted', () => {
    const members = expect.objectContaining({ index: 1, line: 3 }) as unknown
    const message = expect.stringMatching(/^line 3: /) as unknown
    expect(() => read(`${submission('a')}\n\n{"request":{}}\n`, LINES)).toThrow(
      expect.objectContaining({ status: 422, message, members }),
    )
  })

  test('is named by its index in an array', () => {
    const members = expect.objectContaining({ index: 1 }) as unknown
    const message = expect.stringMatching(/^job 1: /) as unknown
    expect(() => read(`[${submission('a')},{"request":{}}]`, ARRAY)).toThrow(
      expect.objectContaining({ status: 422, message, members }),
    )
  })

  test('later, by its model or its webhook, is named in the same way', () => {
    const { refusalOf } = read(`\n${submission('a')}\n`, LINES)
    const refusal = refusalOf(new BatchRefusal(0, new Refusal(404, 'no such model')))
    expect(refusal).toMatchObject({
      status: 404,
      message: 'line 2: no such model',
      members: { index: 0, line: 2 },
    })
  })
})
