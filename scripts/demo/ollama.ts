// The simulated Ollama of the demonstration, as a process of its own: its port and its speed are its arguments.
import { startSim } from '@foreman/ollama-sim'
import { onStopRequest, runMain } from '@foreman/process'
import { simOptions } from './models.ts'

await runMain(async () => {
  const [port, speed] = process.argv.slice(2).map(Number)
  const sim = await startSim({ ...simOptions(speed!), port: port! })
  onStopRequest(process, () => void sim.close().then(() => process.exit(0)))
})
