import { ownRun } from '../own-run.ts'

// Each line that somebody types is a process.
export default ownRun('command')
