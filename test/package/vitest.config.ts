import { ownRun } from '../own-run.ts'

// They install from the registry.
export default ownRun('package', { hookTimeout: 180_000, testTimeout: 60_000 })
