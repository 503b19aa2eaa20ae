import { describe, expect, test } from 'vitest'
import { formatWindows, isOpen, nextChange, parseWindows, wallClock, type Window } from './windows.ts'

const MINUTE_MS = 60_000
const priorities = ['high', 'normal', 'low']
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6]

const parsed = (text: string): readonly Window[] => parseWindows(text, priorities)!
const at = (time: string) => Date.parse(time)

describe('windows are read', () => {
  const low = { kind: 'priority', subject: 'low' } as const
  test.each<[text: string, windows: Window[]]>([
    ['', []],
    ['low 22:00-07:00', [{ ...low, days: EVERY_DAY, from: 1_320, to: 420 }]],
    ['low sat sun', [{ ...low, days: [6, 0], from: 0, to: 1_440 }]],
    ['low mon-fri 22:00-07:00', [{ ...low, days: [1, 2, 3, 4, 5], from: 1_320, to: 420 }]],
    ['low Fri-Mon 0:00-24:00', [{ ...low, days: [5, 6, 0, 1], from: 0, to: 1_440 }]],
    [
      'low 01:00-02:00 03:00-04:00',
      [
        { ...low, days: EVERY_DAY, from: 60, to: 120 },
        { ...low, days: EVERY_DAY, from: 180, to: 240 },
      ],
    ],
    [
      'high sun , model:llama3.3:70b  01:00-05:00',
      [
        { kind: 'priority', subject: 'high', days: [0], from: 0, to: 1_440 },
        { kind: 'model', subject: 'llama3.3:70b', days: EVERY_DAY, from: 60, to: 300 },
      ],
    ],
  ])('%s', (text, windows) => expect(parsed(text)).toEqual(windows))

  test.each([
    '',
    'low 22:00-07:00',
    'low sat sun',
    'low 00:00-24:00',
    'low sat sun, low 22:00-07:00, model:llama3.3:70b mon tue 01:05-05:00',
  ])('and written as %j', text => expect(formatWindows(parsed(text))).toBe(text))

  test.each([
    'low',
    'urgent 22:00-07:00',
    'model: 22:00-07:00',
    'low 22:00',
    'low 22-07',
    'low 22:00-22:00',
    'low 24:00-07:00',
    'low 24:01-25:00',
    'low 22:60-07:00',
    'low someday',
    'low mon-someday',
    'low mon-tue-wed',
    'low 01:00-02:00-03:00',
    'low 22:00-07:00,',
    ',',
  ])('but not %s', text => expect(parseWindows(text, priorities)).toBeUndefined())
})

describe('a window', () => {
  const utc = wallClock('UTC')
  const open = (text: string, time: string) => isOpen(parsed(text), utc(at(time)))

  test('is open from its first minute until before its last', () => {
    // A Thursday.
    expect(open('low 01:00-05:00', '2026-01-01T00:59:59Z')).toBe(false)
    expect(open('low 01:00-05:00', '2026-01-01T01:00:00Z')).toBe(true)
    expect(open('low 01:00-05:00', '2026-01-01T04:59:59Z')).toBe(true)
    expect(open('low 01:00-05:00', '2026-01-01T05:00:00Z')).toBe(false)
  })

  test('over midnight belongs to the day on which it opens', () => {
    expect(open('low thu 22:00-07:00', '2026-01-01T06:00:00Z')).toBe(false)
    expect(open('low thu 22:00-07:00', '2026-01-01T22:00:00Z')).toBe(true)
    expect(open('low thu 22:00-07:00', '2026-01-02T06:59:00Z')).toBe(true)
    expect(open('low thu 22:00-07:00', '2026-01-02T22:00:00Z')).toBe(false)
  })

  test('is one of several', () => {
    expect(open('low sat, low 22:00-07:00', '2026-01-03T12:00:00Z')).toBe(true)
    expect(open('low sat, low 22:00-07:00', '2026-01-04T12:00:00Z')).toBe(false)
  })
})

describe('the next change', () => {
  const utc = wallClock('UTC')
  const next = (text: string, time: string) => {
    const found = nextChange(parsed(text), utc, at(time))
    return found && new Date(found).toISOString()
  }

  test('is the opening of a closed window, and the end of an open one', () => {
    expect(next('low 22:00-07:00', '2026-01-01T12:34:56Z')).toBe('2026-01-01T22:00:00.000Z')
    expect(next('low 22:00-07:00', '2026-01-01T22:00:00Z')).toBe('2026-01-02T07:00:00.000Z')
    expect(next('low thu', '2026-01-02T00:00:00Z')).toBe('2026-01-08T00:00:00.000Z')
  })

  test('passes what changes nothing', () => {
    expect(next('low sat sun', '2026-01-03T12:00:00Z')).toBe('2026-01-05T00:00:00.000Z')
    expect(next('low 22:00-24:00, low 00:00-07:00', '2026-01-01T23:00:00Z')).toBe('2026-01-02T07:00:00.000Z')
  })

  test('does not come to what is always open', () => {
    expect(next('low mon-sun', '2026-01-01T12:00:00Z')).toBeUndefined()
  })
})

describe.each([
  ['Europe/Berlin', 'the clock is put forward', '2026-03-28T12:00Z', '02:30'],
  ['Europe/Berlin', 'the clock is put back', '2026-10-24T12:00Z', '02:30'],
  ['America/New_York', 'the clock is put forward', '2026-03-07T12:00Z', '01:30'],
  ['America/New_York', 'the clock is put back', '2026-10-31T12:00Z', '01:30'],
  // By half an hour.
  ['Australia/Lord_Howe', 'the clock is put back', '2026-04-04T00:00Z', '01:45'],
])('in %s, on the night when %s', (timeZone, _what, from, within) => {
  const start = at(from)
  const minutes = Array.from({ length: 36 * 60 }, (_, minute) => start + minute * MINUTE_MS)
  /** What somebody reads from the wall. */
  const wall = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const clock = wallClock(timeZone)

  test.each([
    ['02:00-03:00', (time: string) => time >= '02:00' && time < '03:00'],
    ['01:15-02:15', (time: string) => time >= '01:15' && time < '02:15'],
    [`${within}-05:00`, (time: string) => time >= within && time < '05:00'],
    [`22:00-${within}`, (time: string) => time >= '22:00' || time < within],
    ['sun', (_time: string, day: string) => day === 'Sun'],
    ['sun 01:30-02:30', (time: string, day: string) => day === 'Sun' && time >= '01:30' && time < '02:30'],
  ])('low %s is open when the wall says so, and changes when it does', (text, saysSo) => {
    const windows = parsed(`low ${text}`)
    const expected = minutes.map(minute => {
      const [day, time] = wall.format(minute).replace(',', '').split(' ')
      return saysSo(time!, day!)
    })
    expect(minutes.map(minute => isOpen(windows, clock(minute)))).toEqual(expected)
    const changes = minutes.filter((_, index) => index > 0 && expected[index] !== expected[index - 1])
    const found: number[] = []
    for (let now: number | undefined = start; now !== undefined;) {
      now = nextChange(windows, clock, now)
      if (now === undefined || now > minutes.at(-1)!) break
      found.push(now)
    }
    expect(found).toEqual(changes)
    // Also from the middle of a minute, at any time.
    const before = minutes.filter((minute, index) => index % 7 === 0 && minute < (changes.at(-1) ?? 0))
    expect(before.map(minute => nextChange(windows, clock, minute + 12_345))).toEqual(
      before.map(minute => changes.find(change => change > minute)),
    )
  })
})
