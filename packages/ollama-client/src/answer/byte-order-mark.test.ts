import { describe, expect, test } from 'vitest'
import { OllamaClient } from '../client.ts'
import { ollamaErrorMessage } from '../errors.ts'
import { endpointAt, recordedAnswers } from '../testing/answers.ts'
import { bodyOf, type Recording } from '../testing/recording.ts'
import { serve } from '../testing/serve.ts'
import { checkAnswer } from './check.ts'
import { foldAnswer } from './fold/fold.ts'
import { parseLines } from './ndjson.ts'
import { countTokens } from './token-count.ts'

const MARK = Buffer.from('\ufeff')
const withMark = (bytes: Uint8Array): Buffer => Buffer.concat([MARK, bytes])

const readings = ({ request, response }: Recording, chunks: readonly Uint8Array[]): unknown => {
  const endpoint = endpointAt(request.path)
  const check = checkAnswer(response.headers, endpoint)
  const count = countTokens(response.headers, endpoint)
  const fold = foldAnswer(response.headers, endpoint)
  for (const chunk of chunks) for (const reader of [check, count, fold]) reader.push(chunk)
  return [check.verdict(), count.tokens, count.usage(), fold.result()]
}

describe('a byte order mark before an answer is skipped', () => {
  test.each(recordedAnswers.map(answer => [answer.version, answer.name, answer] as const))(
    '%s %s',
    (_version, _name, answer) => {
      const body = bodyOf(answer)
      const expected = readings(answer, [body])
      expect(readings(answer, [withMark(body)])).toEqual(expected)
      const inPieces = [MARK.subarray(0, 1), MARK.subarray(1), body]
      expect(readings(answer, inPieces)).toEqual(expected)
    },
  )

  test('of lines', async () => {
    const source = async function* () {
      yield withMark(Buffer.from('{"a":1}\n{"b":2}'))
    }
    expect(await Array.fromAsync(parseLines(source()))).toEqual([{ a: 1 }, { b: 2 }])
  })

  test('of a reply', async () => {
    const url = await serve(
      (_request, response) => void response.end(withMark(Buffer.from('{"version":"1"}'))),
    )
    expect(await new OllamaClient({ url }).version()).toEqual({ version: '1' })
  })

  test('of an error', () => {
    expect(ollamaErrorMessage(withMark(Buffer.from('{"error":"no"}')))).toBe('no')
  })
})
