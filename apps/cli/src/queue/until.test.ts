import { expect, test } from 'vitest'
import { untilOf } from './until.ts'

const now = new Date(2030, 0, 31, 20, 30)
const local = (day: number, hours: number, minutes = 0) =>
  new Date(2030, 0, day, hours, minutes).toISOString()

test.each([
  ['nothing', {}, undefined],
  ['--for', { for: '2h' }, '2h'],
  ['a time later today', { until: '22:00' }, local(31, 22)],
  ['a time that is tomorrow', { until: '7:05' }, local(32, 7, 5)],
  ['this very minute', { until: '20:30' }, local(32, 20, 30)],
  ['a whole time', { until: '2030-02-01T12:00:00Z' }, '2030-02-01T12:00:00.000Z'],
])('%s', (_, flags, until) => {
  expect(untilOf(flags, now)).toBe(until)
})

test.each([
  [{ for: 'soon' }, '--for must be a duration'],
  [{ for: '0s' }, '--for must be a duration'],
  [{ until: '25:00' }, '--until must be a time'],
  [{ until: 'tomorrow' }, '--until must be a time'],
  [{ for: '2h', until: '22:00' }, 'both given'],
])('%j cannot be meant', (flags, message) => {
  expect(() => untilOf(flags, now)).toThrow(message)
})
