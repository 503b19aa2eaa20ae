import { clock } from './duration.ts'

const formats = {
  time: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
  exact: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' }),
}

/** `12:04:31`, in the time of whoever looks. */
export const timeOfDay = (at: number): string => formats.time.format(at)

/** `26 Nov 2026, 12:04:31 GMT`: nothing is left open. */
export const exactTime = (at: number): string => formats.exact.format(at)

/** `in 19 s`, `3 min ago`, `now`: how far a time is from another one, in its largest unit. */
export const relativeTime = (at: number, now: number): string => {
  const distance = at - now
  if (Math.abs(distance) < 1_500) return 'now'
  const [value, unit] = clock(Math.abs(distance)).split(' ')
  return distance > 0 ? `in ${value} ${unit}` : `${value} ${unit} ago`
}
