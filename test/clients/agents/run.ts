import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Variables } from '../../harness/foreman.ts'
import { printedLines } from '../printed-lines.ts'

/** A program that prints one JSON object a line, and what it is started with. */
interface Run {
  readonly program: string
  readonly args: readonly string[]
  readonly variables?: Variables
  readonly signal?: AbortSignal | undefined
}

/** A port on which nobody listens. */
const NOWHERE = 'http://127.0.0.1:1'

/**
 * What a program prints, in a home of its own and without a way out of this machine.
 *
 * @throws Error with what it wrote to stderr, when it fails
 */
export const objectsOf = async function* ({ program, args, variables, signal }: Run): AsyncGenerator {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-agent-'))
  // What it has started may still write when it has ended.
  onTestFinished(() => fs.promises.rm(home, { recursive: true, force: true, maxRetries: 10 }))
  const cwd = path.join(home, 'work')
  fs.mkdirSync(cwd)
  const proxies = { HTTPS_PROXY: NOWHERE, NO_PROXY: '127.0.0.1' }
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, ...proxies, ...variables }
  const lines = printedLines({ file: program, args, options: { cwd, env }, signal })
  for await (const line of lines) yield JSON.parse(line)
}
