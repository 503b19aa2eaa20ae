import { becomesReady } from '@foreman/cli/start/first-request'
import { supervise } from '@foreman/cli/start/supervise'
import { onStopRequest } from '@foreman/process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { CALLERS } from './callers.ts'
import { live } from './live.ts'
import { fillPast } from './past/fill.ts'
import { surroundingsIn } from './surroundings.ts'

const PAST_HOURS = 2

export const say = (line: string): void => console.log(`demo: ${line}`)

/** A directory that is gone when this process is. Everything is started in it, so that no .env of another place counts. */
const ownDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-demo-'))
  process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }))
  process.chdir(directory)
  return directory
}

export interface Demo {
  readonly url: string
  readonly operatorToken: string
  readonly stop: () => void
}

export interface DemoOptions {
  /** 0: a free one. */
  readonly port: number
  readonly speed: number
  readonly past: 'on' | 'off'
}

/**
 * Runs a foreman and a simulated Ollama, and lets the callers live on them until it is stopped.
 *
 * @param whenReady is called when the callers have begun
 * @returns the exit code
 */
export const runDemo = async (
  { port, speed, past }: DemoOptions,
  whenReady: (demo: Demo) => void,
): Promise<number> => {
  const { url, operatorToken, tokenOf, children, env } = await surroundingsIn(ownDirectory(), { port, speed })
  if (past === 'on') await fillPast(env, PAST_HOURS)
  const supervisor = supervise({ children, log: say })
  const stopping = new AbortController()
  const { signal } = stopping
  void supervisor.finished.then(() => stopping.abort())
  const stop = () => {
    say('stopping')
    stopping.abort()
    supervisor.stop()
  }
  onStopRequest(process, stop, supervisor.kill)
  if (await becomesReady(url, signal)) {
    for (const caller of CALLERS)
      for (let head = 0; head < caller.heads; head++)
        void live(caller, head, { url, token: tokenOf(caller.name), speed, signal })
    whenReady({ url, operatorToken, stop })
  }
  return supervisor.finished
}
