// The worker by itself. `foreman worker` does the same.
import { runWorker } from './run-worker.ts'

await runWorker(process.argv.slice(2))
