import type { Prospect } from '@foreman/job-view'
import { expect, test } from 'vitest'
import { waitHeaders } from './wait-headers.ts'

const NOW = 1_000_000
const queued = {
  state: 'queued',
  createdAt: NOW,
  startedAt: null,
  startReason: null,
  behindModel: null,
  behindSince: null,
} as const
const why = { code: 'behind_in_line', text: '' }
const inTwo: Prospect = {
  position: 2,
  start: { at: NOW + 41_234, earliestAt: NOW, latestAt: NOW + 90_000 },
  why,
  now: NOW,
}
const started = { ...queued, state: 'running', startedAt: NOW + 41_200, startReason: 'resident' } as const

test.each<
  [what: string, view: Parameters<typeof waitHeaders>[0], prospect: Prospect | undefined, headers: object]
>([
  ['of which nothing is known', undefined, undefined, {}],
  ['that waits', queued, inTwo, { 'X-Foreman-Queue-Position': '2', 'X-Foreman-Estimated-Wait': '41.234' }],
  [
    'that waits behind what was never measured',
    queued,
    { ...inTwo, start: undefined },
    { 'X-Foreman-Queue-Position': '2' },
  ],
  ['that waits for its next attempt', queued, { ...inTwo, position: undefined, start: undefined }, {}],
  [
    'that has started',
    started,
    inTwo,
    {
      'X-Foreman-Waited': '41.2',
      'X-Foreman-Reason': 'waited 41 s in line; its model was in memory',
    },
  ],
  [
    'that an older version has started',
    { ...started, startReason: null },
    undefined,
    { 'X-Foreman-Waited': '41.2' },
  ],
  [
    'behind a model whose name no header can carry',
    { ...started, startReason: 'drained', behindModel: 'm\u00f6del\n', behindSince: NOW },
    undefined,
    {
      'X-Foreman-Waited': '41.2',
      'X-Foreman-Reason': 'waited for m?del?: 41 s of its turn, until that had no more jobs',
    },
  ],
])('the head of the answer to a job %s', (_what, view, prospect, headers) => {
  expect(Object.fromEntries(waitHeaders(view, prospect))).toEqual(headers)
})
