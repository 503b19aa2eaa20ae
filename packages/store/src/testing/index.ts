export { busyError, fullError, readOnlyError } from './failed-writes.ts'
export { newJob, runningJob, tempDirectory, type TempStore, tempStore } from './temp-store.ts'
