import { HelpShown, readSettings, SettingError, withEnvFile, onStopRequest } from '@foreman/process'
import { settings } from './settings.ts'
import { startSim } from './sim.ts'

const EXIT_BAD_CONFIGURATION = 2

try {
  const { addr, load, rate, prompt, keepAlive, ...options } = readSettings(settings, {
    command: 'npm run sim --',
    summary: 'A simulated Ollama: the same wire and scheduler, no GPU.',
    argv: process.argv.slice(2),
    env: withEnvFile(process.env),
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
  console.log(`simulated Ollama: pid ${process.pid}, listening on ${sim.url}`)
  onStopRequest(process, reason => {
    console.log(`simulated Ollama: stopping (${reason})`)
    void sim.close().then(() => process.exit(0))
  })
} catch (error) {
  if (error instanceof HelpShown) console.log(error.message)
  else if (error instanceof SettingError) console.error(error.message)
  else if ((error as NodeJS.ErrnoException).syscall === 'listen') {
    console.error(`${settings.addr.env} cannot be used: ${(error as Error).message}`)
  } else throw error
  process.exitCode = error instanceof HelpShown ? 0 : EXIT_BAD_CONFIGURATION
}
