import { expect, test } from 'vitest'
import { resultLine } from './result-lines.ts'

const lineOf = (value: unknown) => resultLine(JSON.stringify(value))

test('a line has the beginning of its answer', () => {
  const line = lineOf({
    index: 3,
    id: 'job_1',
    state: 'succeeded',
    result: { response: 'Hi '.repeat(1_000) },
  })
  expect(line).toMatchObject({ index: 3, job: 'job_1', state: 'succeeded' })
  expect(line?.beginning).toHaveLength(300)
})

test.each([
  [
    { index: 0, id: 'job_1', state: 'failed', error: { code: 'stall', message: 'no byte' } },
    'stall: no byte',
  ],
  [{ index: 0, custom_id: 'a', error: { code: 'invalid_request', message: 'no' } }, 'invalid_request: no'],
  [{ index: 0, id: 'job_1', state: 'succeeded' }, ''],
  [
    { index: 0, id: 'job_1', state: 'succeeded', result: { message: { thinking: 'Hm', content: 'Hi' } } },
    'Hi',
  ],
])('%j begins with %j', (value, beginning) => {
  expect(lineOf(value)?.beginning).toBe(beginning)
})

test('a blank line is none', () => {
  expect(resultLine(' ')).toBeUndefined()
})
