import { expect, test } from 'vitest'
import { sharedAnswers } from './shared-answers.ts'

const start = (answer = (asked: string) => Promise.resolve(Buffer.from(asked))) => {
  const clock = { at: 0 }
  const asked: string[] = []
  const ask = sharedAnswers<string>(
    question => {
      asked.push(question)
      return answer(question)
    },
    () => clock.at,
  )
  return { ask, asked, clock }
}

test('the same question is answered once in five seconds, also while the answer is being made', async () => {
  const { ask, asked, clock } = start()
  const answers = await Promise.all([ask('hour'), ask('hour'), ask('day')])
  expect(answers.map(String)).toEqual(['hour', 'hour', 'day'])
  clock.at = 4_999
  await ask('hour')
  expect(asked).toEqual(['hour', 'day'])
  clock.at = 5_000
  await ask('hour')
  expect(asked).toEqual(['hour', 'day', 'hour'])
})

test('whoever asks while the answer is being made waits for it, however long that takes', async () => {
  const made: PromiseWithResolvers<Buffer<ArrayBuffer>>[] = []
  const { ask, asked, clock } = start(() => {
    const making = Promise.withResolvers<Buffer<ArrayBuffer>>()
    made.push(making)
    return making.promise
  })
  const first = ask('hour')
  clock.at = 5_000
  const both = Promise.allSettled([first, ask('hour')])
  expect(asked).toHaveLength(1)
  made[0]!.reject(new Error('not now'))
  expect(await both).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
  const next = ask('hour')
  made[1]!.resolve(Buffer.from('hour'))
  expect(String(await next)).toBe('hour')
  expect(asked).toHaveLength(2)
})

test('an answer that failed is not kept', async () => {
  const { ask, asked } = start(() => Promise.reject(new Error('not now')))
  await expect(ask('hour')).rejects.toThrow('not now')
  await expect(ask('hour')).rejects.toThrow('not now')
  expect(asked).toEqual(['hour', 'hour'])
})

test('of many questions the last ones are remembered', async () => {
  const { ask, asked } = start()
  for (let at = 0; at < 21; at++) await ask(String(at))
  await ask('20')
  expect(asked).toHaveLength(21)
  await ask('0')
  expect(asked).toHaveLength(22)
})
