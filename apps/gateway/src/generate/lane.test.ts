import { expect, test } from 'vitest'
import type { ModelPlace } from '../intake/model-place.ts'
import { type Lane, laneFor } from './lane.ts'

const waiting = { isBackground: false, outlivesCaller: false }
const background = { isBackground: true, outlivesCaller: false }
const outliving = { isBackground: false, outlivesCaller: true }

test.each<[place: ModelPlace, what: string, request: Parameters<typeof laneFor>[1], lane: Lane]>([
  ['local', 'a caller that waits', waiting, 'queue'],
  ['local', 'a background job', background, 'queue'],
  ['local', 'a job that outlives its caller', outliving, 'queue'],
  ['remote', 'a caller that waits', waiting, 'direct'],
  ['remote', 'a background job', background, 'queue'],
  ['remote', 'a job that outlives its caller', outliving, 'queue'],
  ['refused', 'a caller that waits', waiting, 'target_decides'],
  ['refused', 'a background job', background, 'target_decides'],
  ['refused', 'a job that outlives its caller', outliving, 'target_decides'],
])('model %s, %s: %j goes %s', (place, _what, request, lane) => {
  expect(laneFor(place, request)).toBe(lane)
})
