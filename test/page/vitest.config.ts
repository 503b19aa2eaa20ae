import { ownRun } from '../own-run.ts'

// They need a browser, which not every machine has.
export default ownRun('page', {
  // Each has a browser of its own.
  maxWorkers: 2,
  // A worker that was killed is missed after 8 s.
  testTimeout: 60_000,
  globalSetup: ['test/page/build.ts'],
})
