import { describe, expect, test } from 'vitest'
import { parseShowWait, showWaitOf } from './show-wait.ts'

describe('where callers are shown their wait', () => {
  test.each<[text: string, read: ReturnType<typeof parseShowWait>]>([
    ['', []],
    ['status', [{ place: 'status' }]],
    ['chat-ui=status', [{ caller: 'chat-ui', place: 'status' }]],
    [
      ' ann=thinking , bob.2=off,',
      [
        { caller: 'ann', place: 'thinking' },
        { caller: 'bob.2', place: 'off' },
      ],
    ],
  ])('%j is read', (text, read) => {
    expect(parseShowWait(text)).toEqual(read)
  })

  test.each([
    ['another word', 'on'],
    ['another place', 'chat-ui=on'],
    ['a caller without a place', 'chat-ui='],
    ['a place without a caller', '=status'],
    ['a place for all besides callers', 'status,ann=off'],
    ['a caller twice', 'ann=status,ann=off'],
    ['a name with a space', 'an n=status'],
    ['nothing but a comma', ','],
    ['quotes', '"chat-ui=status"'],
  ])('%s cannot be used', (_what, text) => {
    expect(parseShowWait(text)).toBeUndefined()
  })
})

describe('a request', () => {
  const setting = parseShowWait('chat-ui=status,ann=thinking')!
  const asked = (value: string | undefined, caller: string, of = setting) =>
    showWaitOf({ headers: value === undefined ? {} : { 'x-foreman-show-wait': value } }, caller, of)

  test.each<[value: string | undefined, caller: string, place: string]>([
    [undefined, 'chat-ui', 'status'],
    [undefined, 'ann', 'thinking'],
    [undefined, 'bob', 'off'],
    ['thinking', 'chat-ui', 'thinking'],
    ['off', 'chat-ui', 'off'],
    ['status', 'bob', 'status'],
  ])('with X-Foreman-Show-Wait: %s of %s has %s', (value, caller, place) => {
    expect(asked(value, caller)).toBe(place)
  })

  test('of any caller has what is set for all', () => {
    expect(asked(undefined, 'bob', parseShowWait('status'))).toBe('status')
  })

  test.each(['', 'on', 'Status', 'status, thinking'])('with %j is refused', value => {
    expect(() => asked(value, 'ann')).toThrow(
      expect.objectContaining({
        status: 400,
        message: 'X-Foreman-Show-Wait must be status, thinking or off',
      }),
    )
  })
})
