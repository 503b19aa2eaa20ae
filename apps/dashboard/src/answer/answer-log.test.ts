import { expect, test } from 'vitest'
import { AnswerLog } from './answer-log.ts'

const logOf = (...pieces: readonly string[]): AnswerLog => {
  const log = new AnswerLog()
  for (const text of pieces) log.push({ attempt: 1, text })
  log.end()
  return log
}

test('lines of JSON are read as they come, wherever they are divided', () => {
  const log = new AnswerLog()
  log.push({ attempt: 1, text: '{"response":"Hel"}\n{"' })
  expect(log.text.text()).toBe('Hel')
  log.push({ attempt: 1, text: 'response":"lo"}\n' })
  expect(log.text.text()).toBe('Hello')
})

test('an event stream is read, with its names and its end', () => {
  const log = logOf(
    'event: x\ndata: {"choices":[{"delta":{"content":"Hi"}}]}\n\n: keep-alive\ndata: [DONE]\n\n',
  )
  expect(log.text.text()).toBe('Hi')
  expect(log.raw.text()).toBe('')
})

test('one object is read when it is whole, also over many lines', () => {
  expect(logOf('{"response":', '"Hi"}').text.text()).toBe('Hi')
  expect(logOf('{\n  "message": {\n    "content": "Hi"\n', '  }\n}\n').text.text()).toBe('Hi')
})

test('a character that is divided among pieces is one', () => {
  const bytes = new TextEncoder().encode('{"response":"ü"}\n')
  const log = new AnswerLog()
  log.push({ attempt: 1, text: '{"response":"' })
  log.push({ attempt: 1, base64: btoa(String.fromCharCode(bytes[13]!)) })
  log.push({ attempt: 1, base64: btoa(String.fromCharCode(bytes[14]!)) })
  log.push({ attempt: 1, text: '"}\n' })
  expect(log.text.text()).toBe('ü')
})

test('what is of no known form is kept as it came', () => {
  const log = logOf('<html>\n<body>', 'Bad gateway\n</html>')
  expect(log.raw.text()).toBe('<html>\n<body>Bad gateway\n</html>')
  expect(log.isEmpty).toBe(false)
})
