import { becomesReady } from '@foreman/cli/start/first-request'
import { supervise } from '@foreman/cli/start/supervise'
import { ForemanClient } from '@foreman/foreman-client'
import { ensureKnown, onStopRequest, readSettings, runMain } from '@foreman/process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { CALLERS } from './callers.ts'
import { live } from './live.ts'
import { fillPast } from './past/fill.ts'
import { settings } from './settings.ts'
import { surroundingsIn } from './surroundings.ts'

const NEWS_MS = 60_000
const PAST_HOURS = 2

const say = (line: string) => console.log(`demo: ${line}`)

/** A directory that is gone when this process is. Everything is started in it, so that no .env of another place counts. */
const ownDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-demo-'))
  process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }))
  process.chdir(directory)
  return directory
}

const main = async (): Promise<number> => {
  const { port, speed, past } = readSettings(settings, {
    command: 'npm run demo --',
    summary: 'Five callers on a foreman and a simulated Ollama of their own. Nothing else is touched.',
    argv: process.argv.slice(2),
    env: () => {
      ensureKnown(process.env, settings)
      return process.env
    },
  })
  const { url, operatorToken, tokenOf, children, env } = await surroundingsIn(ownDirectory(), { port, speed })
  if (past === 'on') await fillPast(env, PAST_HOURS)
  const supervisor = supervise({ children, log: say })
  const stopping = new AbortController()
  const { signal } = stopping
  void supervisor.finished.then(() => stopping.abort())
  onStopRequest(
    process,
    () => {
      say('stopping')
      stopping.abort()
      supervisor.stop()
    },
    supervisor.kill,
  )
  if (await becomesReady(url, signal)) {
    say(`the page: ${url}/dashboard`)
    say(`its token, as an operator: ${operatorToken}`)
    say(`five callers are at work: ${CALLERS.map(({ name }) => name).join(', ')}. Ctrl-C ends it all`)
    const operator = new ForemanClient({ url, token: operatorToken })
    setInterval(() => void tellLoads(operator), NEWS_MS / speed).unref()
    for (const caller of CALLERS)
      for (let head = 0; head < caller.heads; head++)
        void live(caller, head, { url, token: tokenOf(caller.name), speed, signal })
  }
  return supervisor.finished
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
