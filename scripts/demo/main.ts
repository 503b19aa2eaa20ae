import { ForemanClient } from '@foreman/foreman-client'
import { ensureKnown, readSettings, runMain } from '@foreman/process'
import { CALLERS } from './callers.ts'
import { runDemo, say } from './run-demo.ts'
import { settings } from './settings.ts'

const NEWS_MS = 60_000

const main = async (): Promise<number> => {
  const options = readSettings(settings, {
    command: 'npm run demo --',
    summary: 'Five callers on a foreman and a simulated Ollama of their own. Nothing else is touched.',
    argv: process.argv.slice(2),
    env: () => {
      ensureKnown(process.env, settings)
      return process.env
    },
  })
  return runDemo(options, ({ url, operatorToken }) => {
    say(`the page: ${url}/dashboard/`)
    say(`its token, as an operator: ${operatorToken}`)
    say(`five callers are at work: ${CALLERS.map(({ name }) => name).join(', ')}. Ctrl-C ends it all`)
    const operator = new ForemanClient({ url, token: operatorToken })
    setInterval(() => void tellLoads(operator), NEWS_MS / options.speed).unref()
  })
}

const tellLoads = async (operator: ForemanClient): Promise<void> => {
  try {
    const { ever } = await operator.queue.snapshot({ fields: ['ever'] })
    const { jobs, loads, loads_in_arrival_order: inArrivalOrder } = ever
    say(`${jobs} jobs, ${loads} loads; order of arrival would have needed ${inArrivalOrder}`)
  } catch {
    // The gateway is being started again, or stopped: the next line tells.
  }
}

await runMain(async () => process.exit(await main()))
