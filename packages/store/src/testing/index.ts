export { putEmptyQueue } from './empty-queue.ts'
export { someFigures } from './figures.ts'
export {
  appendOutput,
  claimNext,
  lastPieceOf,
  listJobs,
  newJob,
  runningJob,
  submitJob,
  type TestJob,
} from './jobs.ts'
export { fullError, notWritableError, unavailableError } from './not-now.ts'
