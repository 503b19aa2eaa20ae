// The simulated Ollama by itself. `foreman sim` does the same.
import { runSim } from './run-sim.ts'

await runSim(process.argv.slice(2))
