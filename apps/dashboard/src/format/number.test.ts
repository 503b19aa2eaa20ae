import { expect, test } from 'vitest'
import { count, counted, percent, roughly } from './number.ts'

test('counts have their thousands parted', () => {
  expect([0, 999, 40_112].map(count)).toEqual(['0', '999', '40,112'])
})

test('large numbers are rounded, small ones are whole', () => {
  expect([7, 9_999, 40_112, 1_234_567].map(roughly)).toEqual(['7', '9,999', '40.1k', '1.23m'])
})

test('a share that is more than nothing is never shown as nothing', () => {
  expect([0, 0.004, 0.414, 1].map(percent)).toEqual(['0 %', '< 1 %', '41 %', '100 %'])
})

test('one thing is singular', () => {
  expect([0, 1, 2].map(each => counted(each, 'job'))).toEqual(['0 jobs', '1 job', '2 jobs'])
  expect(counted(2, 'delivery', 'deliveries')).toBe('2 deliveries')
})
