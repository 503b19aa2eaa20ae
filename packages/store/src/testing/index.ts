export { newJob, runningJob, tempDirectory, type TempStore, tempStore } from './temp-store.ts'
