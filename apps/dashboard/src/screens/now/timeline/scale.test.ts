import { expect, test } from 'vitest'
import { areaPath, extent, type Scale, ticksOf, xOf } from './scale.ts'

const MINUTE = 60_000
const scale = (from: number, until: number, width = 800): Scale => ({ from, until, width })

test('a time lies between the edges, and what is outside lies on one', () => {
  const hour = scale(0, 60 * MINUTE)
  expect([-5, 0, 15 * MINUTE, 60 * MINUTE, 1e9].map(at => xOf(at, hour))).toEqual([0, 0, 200, 800, 800])
})

test('what lasts for a moment can be seen all the same', () => {
  expect(extent({ from: 0, until: 1 }, scale(0, 60 * MINUTE))).toEqual({ x: 0, width: 1 })
})

test.each([
  [15, 800, 2],
  [60, 800, 10],
  [60, 300, 30],
  [6 * 60, 1_200, 30],
  [24 * 60, 1_200, 120],
  [7 * 24 * 60, 1_200, 720],
  [7 * 24 * 60, 300, 5_760],
])('of %d minutes, %d pixels have a tick every %d minutes', (minutes, width, step) => {
  expect(ticksOf(scale(0, minutes * MINUTE, width), 0).stepMs).toBe(step * MINUTE)
})

test('ticks are whole hours where one lives, and lie within the time', () => {
  const offset = 5.5 * 60 * MINUTE
  const { at, stepMs } = ticksOf(scale(7 * MINUTE, 360 * MINUTE, 400), offset)
  expect(stepMs).toBe(120 * MINUTE)
  expect(at.map(each => (each + offset) / (60 * MINUTE))).toEqual([6, 8, 10])
})

test('the highest value reaches the top of an area, and its ends the ground', () => {
  const points = [
    { at: 0, value: 0 },
    { at: 50, value: 4 },
    { at: 100, value: 2 },
  ]
  expect(areaPath(points, scale(0, 100, 200), 40)).toBe('M0 40L0 40L100 0L200 20L200 40Z')
  expect(areaPath([], scale(0, 100), 40)).toBe('')
})
