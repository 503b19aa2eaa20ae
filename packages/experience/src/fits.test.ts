import { expect, test } from 'vitest'
import { Fits } from './fits.ts'

test('a group fits what is loaded for another once that was seen, in this direction, until the opposite is seen', () => {
  const fits = new Fits()
  expect(fits.has('a', 'b')).toBe(false)
  fits.learn('a', 'b')
  expect([fits.has('a', 'b'), fits.has('b', 'a')]).toEqual([true, false])
  fits.unlearn('a', 'b')
  expect(fits.has('a', 'b')).toBe(false)
})

test('what was learned of one version of the target is forgotten for another', () => {
  const fits = new Fits()
  fits.learn('a', 'b')
  fits.heedVersion('0.24.0')
  fits.heedVersion('0.24.0')
  expect(fits.has('a', 'b')).toBe(true)
  fits.heedVersion('0.33.0')
  expect(fits.has('a', 'b')).toBe(false)
})

test.each<[what: string, keptOf: string | undefined, own: string | undefined, isKnown: boolean]>([
  ['of the same version', '1', '1', true],
  ['whose version is not known yet', '1', undefined, true],
  ['of another version', '1', '2', false],
  ['from a worker that did not know the version', undefined, '1', false],
])('a worker takes over what it finds for a target %s', (_what, keptOf, own, isKnown) => {
  const [before, after] = [new Fits(), new Fits()]
  if (keptOf !== undefined) before.heedVersion(keptOf)
  before.learn('a', 'b')
  if (own !== undefined) after.heedVersion(own)
  after.takeOver(before.toKept())
  expect(after.has('a', 'b')).toBe(isKnown)
})

test('what was seen longest ago is forgotten beyond a thousand', () => {
  const fits = new Fits()
  for (let at = 0; at < 1_000; at++) fits.learn('a', `b${at}`)
  fits.learn('a', 'b0')
  fits.learn('a', 'one more')
  expect([fits.has('a', 'b0'), fits.has('a', 'b1'), fits.has('a', 'one more')]).toEqual([true, false, true])
})
