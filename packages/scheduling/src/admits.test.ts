import { expect, test } from 'vitest'
import { type Admitted, admits } from './admits.ts'

const [shared, alone] = [{ runsAlone: false }, { runsAlone: true }]

test.each<[running: string, jobs: { runsAlone: boolean }[], admitted: Admitted]>([
  ['nothing', [], 'any'],
  ['one job', [shared], 'shared'],
  ['several jobs', [shared, shared, shared], 'shared'],
  ['a job that runs alone', [alone], 'none'],
  ['a job that runs alone, and another', [shared, alone], 'none'],
])('beside %s', (_running, jobs, admitted) => {
  expect(admits(jobs)).toBe(admitted)
})
