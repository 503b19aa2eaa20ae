import { listenRefusal, onStopRequest, readSettings, runMain, foremanEnvironment } from '@foreman/process'
import { settings } from './settings.ts'
import { startSim } from './sim.ts'

const main = async (argv: readonly string[]): Promise<void> => {
  const { addr, load, rate, prompt, keepAlive, ...options } = readSettings(settings, {
    command: 'foreman sim',
    summary: 'A simulated Ollama: the same wire and scheduler, no GPU.',
    argv,
    env: () => foremanEnvironment(process.env, settings),
  })
  const sim = await startSim({
    host: addr.host ?? '::',
    port: addr.port,
    loadMs: load,
    tokensPerSecond: rate,
    promptMs: prompt,
    keepAliveMs: keepAlive,
    ...options,
  })
  onStopRequest(process, reason => {
    console.log(`simulated Ollama: stopping (${reason})`)
    void sim.close().then(() => process.exit(0))
  })
  console.log(`simulated Ollama: pid ${process.pid}, listening on ${sim.url}`)
}

/** Makes this process a simulated Ollama. */
export const runSim = (argv: readonly string[]): Promise<void> =>
  runMain(() => main(argv), listenRefusal(settings.addr.env))
