import { clock } from './duration.ts'

const formats = {
  time: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
  minute: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' }),
  exact: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' }),
}

/** `12:04:31`, in the time of whoever looks. */
export const timeOfDay = (at: number): string => formats.time.format(at)

/** `12:04` */
export const minuteOfDay = (at: number): string => formats.minute.format(at)

/** `Thu, 26 Nov` */
export const day = (at: number): string => formats.day.format(at)

/** `26 Nov 2026, 12:04:31 GMT`: nothing is left open. */
export const exactTime = (at: number): string => formats.exact.format(at)

/** Of a few hours, a minute matters; of many, it does not. */
const FEW = 2

/** `in 19 s`, `in 1 h 59 min`, `3 min ago`, `now`: how far a time is from another one. */
export const relativeTime = (at: number, now: number): string => {
  const distance = at - now
  if (Math.abs(distance) < 1_500) return 'now'
  const exact = clock(Math.abs(distance))
  const [value, unit] = exact.split(' ')
  const text = Number(value) <= FEW ? exact : `${value} ${unit}`
  return distance > 0 ? `in ${text}` : `${text} ago`
}
