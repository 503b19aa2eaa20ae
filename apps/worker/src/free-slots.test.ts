import { expect, test } from 'vitest'
import { freeSlots, isBusy, isFull } from './free-slots.ts'

test.each<
  [
    what: string,
    inFlight: string[],
    concurrency: number,
    models: number,
    free: number,
    isBusy: boolean,
    isFull: boolean,
  ]
>([
  ['nothing runs', [], 3, 1, 3, false, false],
  ['one of its jobs runs', ['a'], 3, 1, 2, false, false],
  ['a job runs that shares its weights', ['a|num_ctx=1'], 3, 1, 2, false, false],
  ['as many of its jobs run as may', ['a', 'a'], 2, 2, 0, true, false],
  ['another model runs, and only one may', ['b'], 3, 1, 0, false, false],
  ['another model runs as many jobs as may, and only one model may', ['b', 'b'], 2, 1, 0, false, true],
  ['another model runs, and two may', ['b', 'b'], 2, 2, 2, false, false],
  ['two others run, and only two may', ['b', 'c'], 2, 2, 0, false, false],
  ['two run as many jobs as may, and only two may', ['a', 'b'], 1, 2, 0, true, true],
])('the slots for jobs of a group when %s', (_what, inFlight, concurrency, models, free, busy, full) => {
  const jobs = inFlight.map(groupKey => ({ groupKey }))
  const limits = { concurrency, models }
  expect(freeSlots('a', jobs, limits)).toBe(free)
  expect(isBusy('a', jobs, limits)).toBe(busy)
  expect(isFull(jobs, limits)).toBe(full)
})
