import { listenRefusal, onStopRequest, readSettings, runMain, foremanEnvironment } from '@foreman/process'
import { settings } from './settings.ts'
import { startSim } from './sim.ts'

const main = async (): Promise<void> => {
  const { addr, load, rate, prompt, keepAlive, ...options } = readSettings(settings, {
    command: 'npm run sim --',
    summary: 'A simulated Ollama: the same wire and scheduler, no GPU.',
    argv: process.argv.slice(2),
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

await runMain(main, listenRefusal(settings.addr.env))
