import { expect, test } from 'vitest'
import { preferencesOf } from './prefer.ts'

test.each<[prefer: string | undefined, respondAsync: boolean, waitMs: number | undefined]>([
  [undefined, false, undefined],
  ['', false, undefined],
  ['respond-async', true, undefined],
  ['Respond-Async', true, undefined],
  ['wait=5', false, 5_000],
  ['wait="5"', false, 5_000],
  ['respond-async, wait=10', true, 10_000],
  ['respond-async,wait = 10; x=y, return=minimal', true, 10_000],
  ['wait=1, wait=2', false, 1_000],
  ['wait=61', false, 55_000],
  ['wait=99999999999', false, 55_000],
  ['wait=0', false, 0],
  ['wait=-1', false, undefined],
  ['wait=1.5', false, undefined],
  ['wait', false, undefined],
  ['async', false, undefined],
])('%j', (prefer, respondAsync, waitMs) => {
  const headers = prefer === undefined ? {} : { prefer }
  expect(preferencesOf({ headers })).toEqual({ respondAsync, ...(waitMs !== undefined && { waitMs }) })
})
