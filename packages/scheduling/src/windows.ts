/** The hours in which jobs of a class start. Outside of all windows of its class, a class is held back. */
export interface Window {
  readonly kind: 'priority' | 'model'
  /** The name of the priority, or of the model. */
  readonly subject: string
  /** The days on which it opens, as of `Date.getDay`: 0 is Sunday. */
  readonly days: readonly number[]
  /** From when to when, in minutes of the day on the clock on the wall. An end that is not after the beginning is on the next day. */
  readonly from: number
  readonly to: number
}

const DAY = 1_440
const MINUTE_MS = 60_000
/** After a week everything has been there once, and on the day after that the clock may have been changed. */
const SEARCHED_MS = 8 * DAY * MINUTE_MS

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const EVERY_DAY = dayNames.map((_, day) => day)

/** What a clock on the wall shows. */
export interface WallTime {
  readonly day: number
  /** Of the day, from 0. */
  readonly minute: number
  /** How far the wall is ahead of UTC. */
  readonly offsetMs: number
}

/**
 * Reads windows such as `low 22:00-07:00, low sat sun, model:llama3.3:70b mon-fri 01:00-05:00`: each a class, with days or hours or
 * both.
 *
 * @returns undefined when one of them cannot be read
 */
export const parseWindows = (text: string, priorities: readonly string[]): readonly Window[] | undefined => {
  const entries = text.split(',').map(entry => entry.trim())
  if (text.trim() === '') return []
  const windows = entries.map(entry => parseEntry(entry, priorities))
  return windows.every(found => found !== undefined) ? windows.flat() : undefined
}

/** Windows as `parseWindows` reads them. */
export const formatWindows = (windows: readonly Window[]): string => windows.map(formatWindow).join(', ')

const formatWindow = ({ kind, subject, days, from, to }: Window): string => {
  const hours = from === 0 && to === DAY ? [] : [`${timeText(from)}-${timeText(to)}`]
  const named = days.length === EVERY_DAY.length ? [] : days.map(day => dayNames[day])
  // Something has to be said of when it opens.
  const times = hours.length + named.length === 0 ? ['00:00-24:00'] : [...named, ...hours]
  return [kind === 'model' ? `model:${subject}` : subject, ...times].join(' ')
}

/** What a clock on the wall shows at a minute of the day. @example timeText(1_320) // '22:00' */
export const timeText = (minute: number): string =>
  [Math.floor(minute / 60), minute % 60].map(part => String(part).padStart(2, '0')).join(':')

const parseEntry = (entry: string, priorities: readonly string[]): Window[] | undefined => {
  const [named = '', ...times] = entry.split(/\s+/)
  const of = parseClass(named, priorities)
  const days = times.flatMap(time => parseDays(time.toLowerCase()) ?? [])
  const hours = times.flatMap(time => parseHours(time) ?? [])
  const isRead = times.every(time => parseDays(time.toLowerCase()) ?? parseHours(time))
  if (!of || times.length === 0 || !isRead) return undefined
  const open = { days: days.length === 0 ? EVERY_DAY : days }
  const all = hours.length === 0 ? [{ from: 0, to: DAY }] : hours
  return all.map(hour => ({ ...of, ...open, ...hour }))
}

const parseClass = (
  named: string,
  priorities: readonly string[],
): Pick<Window, 'kind' | 'subject'> | undefined => {
  if (priorities.includes(named)) return { kind: 'priority', subject: named }
  return named.startsWith('model:') && named.length > 'model:'.length
    ? { kind: 'model', subject: named.slice('model:'.length) }
    : undefined
}

/** Such as `sat` or `mon-fri`. */
const parseDays = (text: string): number[] | undefined => {
  const [first, last, ...more] = text.split('-').map(name => dayNames.indexOf(name))
  if (first === undefined || first < 0 || more.length > 0) return undefined
  if (last === undefined) return [first]
  if (last < 0) return undefined
  const count = ((last - first + 7) % 7) + 1
  return Array.from({ length: count }, (_, at) => (first + at) % 7)
}

/** Such as `22:00-07:00`. */
const parseHours = (text: string): { from: number; to: number } | undefined => {
  const [from, to, ...more] = text.split('-').map(parseTime)
  if (from === undefined || to === undefined || more.length > 0) return undefined
  return from === to || from === DAY ? undefined : { from, to }
}

const parseTime = (text: string): number | undefined => {
  const [, hours, minutes] = /^(\d{1,2}):([0-5]\d)$/.exec(text) ?? []
  const minute = Number(hours) * 60 + Number(minutes)
  return minute <= DAY ? minute : undefined
}

/** Whether one of these windows is open. */
export const isOpen = (windows: readonly Window[], { day, minute }: WallTime): boolean =>
  windows.some(({ days, from, to }) => {
    if (from < to) return days.includes(day) && minute >= from && minute < to
    const yesterday = (day + 6) % 7
    return (days.includes(day) && minute >= from) || (days.includes(yesterday) && minute < to)
  })

/** Reads the clock on the wall of a time zone. The first look takes a while, and memory for the rules of all zones. */
export const wallClock = (timeZone: string): ((at: number) => WallTime) => {
  let format: Intl.DateTimeFormat | undefined
  return at => {
    format ??= formatIn(timeZone)
    const minuteAt = Math.floor(at / MINUTE_MS) * MINUTE_MS
    const part = (wanted: Intl.DateTimeFormatPartTypes) =>
      Number(parts.find(({ type }) => type === wanted)?.value)
    const parts = format.formatToParts(minuteAt)
    const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'))
    return {
      day: new Date(shown).getUTCDay(),
      minute: part('hour') * 60 + part('minute'),
      offsetMs: shown - minuteAt,
    }
  }
}

const formatIn = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })

/**
 * When the windows of one class open or close next, to the minute. What the wall shows twice on the night when its clock is put
 * back is open twice, and what it never shows is not open.
 *
 * @returns undefined when they never do
 */
export const nextChange = (
  windows: readonly Window[],
  wallAt: (at: number) => WallTime,
  now: number,
): number | undefined => {
  const wasOpen = isOpen(windows, wallAt(now))
  const edges = [...new Set([0, ...windows.flatMap(({ from, to }) => [from, to % DAY])])].toSorted(
    (a, b) => a - b,
  )
  let at = Math.floor(now / MINUTE_MS) * MINUTE_MS
  while (at < now + SEARCHED_MS) {
    const { minute, offsetMs } = wallAt(at)
    const edge = edges.find(each => each > minute) ?? edges[0]! + DAY
    const reached = at + (edge - minute) * MINUTE_MS
    at = wallAt(reached).offsetMs === offsetMs ? reached : firstWithin(at, reached, wallAt)
    if (isOpen(windows, wallAt(at)) !== wasOpen) return at
  }
  return undefined
}

/** The minute in which the clock on the wall is changed, between two that have different offsets. */
const firstWithin = (from: number, to: number, wallAt: (at: number) => WallTime): number => {
  const { offsetMs } = wallAt(from)
  let [before, after] = [from / MINUTE_MS, to / MINUTE_MS]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (wallAt(middle * MINUTE_MS).offsetMs === offsetMs) before = middle
    else after = middle
  }
  return after * MINUTE_MS
}
