// The gateway by itself. `foreman gateway` does the same.
import { runGateway } from './run-gateway.ts'

await runGateway(process.argv.slice(2))
