import { expect, test } from 'vitest'
import type { ModelPlace } from '../intake/model-place.ts'
import { type Lane, laneFor, type LaneRequest } from './lane.ts'

const generation: LaneRequest['generation'] = { flaw: undefined, needs: ['completion', 'tools'] }
const flawed = { ...generation, flaw: 400 } as const
const waiting: LaneRequest = { generation, isBackground: false, outlivesCaller: false }
const background: LaneRequest = { ...waiting, isBackground: true }
const outliving: LaneRequest = { ...waiting, outlivesCaller: true }
const ABLE = ['completion', 'tools']

test.each<[place: ModelPlace, what: string, request: LaneRequest, lane: Lane]>([
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
  expect(laneFor({ place, capabilities: ABLE }, request)).toBe(lane)
})

test.each<[what: string, place: ModelPlace, capabilities: string[], request: LaneRequest, lane: Lane]>([
  ['of a model that cannot serve it', 'local', ['completion'], waiting, 'target_decides'],
  ['of such a model, in the background', 'local', ['completion'], background, 'target_decides'],
  ['of a model of which nothing is known', 'local', [], waiting, 'queue'],
  ['of a remote model that cannot serve it', 'remote', ['completion'], waiting, 'direct'],
  ['with a flaw', 'local', ABLE, { ...waiting, generation: flawed }, 'target_decides'],
  ['with a flaw, of an unknown model', 'local', [], { ...waiting, generation: flawed }, 'target_decides'],
  ['with a flaw, of a remote model', 'remote', [], { ...waiting, generation: flawed }, 'direct'],
  [
    'with a flaw, of a model that makes images',
    'local',
    ['image'],
    { ...waiting, generation: flawed },
    'queue',
  ],
])('a request %s goes its lane', (_what, place, capabilities, request, lane) => {
  expect(laneFor({ place, capabilities }, request)).toBe(lane)
})
