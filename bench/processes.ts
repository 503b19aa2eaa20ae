import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000
const CLOCK_TICKS_PER_SECOND = 100
const ERROR_LENGTH = 2_000

export interface Command {
  /** For error messages. */
  readonly name: string
  /** Relative to the checkout. */
  readonly file: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Its first group, once it stands in what the process prints, is what `said` will be. */
  readonly ready: RegExp
  /** Where its CPU profile is written when it stops. */
  readonly profileDirectory?: string | undefined
}

/** A real process, as an operator starts it. */
export interface Process {
  readonly pid: number
  readonly said: string
  /** Resolves when it is gone. */
  stop(): Promise<void>
  /** CPU time it has used so far, all threads; undefined where the system does not tell. */
  cpuMs(): number | undefined
  /** Memory it has in RAM; undefined where the system does not tell. */
  residentBytes(): number | undefined
}

const children = new Set<ChildProcess>()

/** However this process ends by itself, nothing it started goes on. The channel does the rest, should it be killed. */
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** How Node itself is set up here, so that what is measured is what is run; nothing of foreman's settings. */
const nodeEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      ['PATH', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE'].includes(name),
    ),
  )

/** Starts a process and waits until it says that it is ready. */
export const startProcess = async (command: Command): Promise<Process> => {
  const { name, file, args = [], env = {}, ready, profileDirectory } = command
  const profiling =
    profileDirectory === undefined
      ? []
      : [
          '--cpu-prof',
          `--cpu-prof-dir=${profileDirectory}`,
          `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`,
        ]
  const child = spawn(process.execPath, [...process.execArgv, ...profiling, path.join(root, file), ...args], {
    // No .env file lies here, and a Ctrl-C on the terminal is for the parent alone.
    cwd: import.meta.dirname,
    detached: true,
    env: { ...nodeEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error(`${name} could not be started`)
  children.add(child)
  const gone = once(child, 'exit').finally(() => children.delete(child))
  const said = await new Promise<string>((resolve, reject) => {
    let output = ''
    const fail = (why: string) => reject(new Error(`${name} ${why}: ${output.slice(-ERROR_LENGTH).trim()}`))
    const timer = setTimeout(() => fail('did not become ready'), START_TIMEOUT_MS)
    const read = (text: Buffer) => {
      output += text.toString()
      const match = ready.exec(output)
      if (!match) return
      clearTimeout(timer)
      // What it logs from now on is read and dropped: a full pipe would hold it up.
      for (const stream of [stdout, stderr]) stream.off('data', read).resume()
      resolve(match[1] ?? '')
    }
    stdout.on('data', read)
    stderr.on('data', read)
    gone.then(() => fail('ended'), fail).finally(() => clearTimeout(timer))
  })
  const pid = child.pid ?? 0
  return {
    pid,
    said,
    stop: () => stop(child),
    cpuMs: () => cpuMs(pid),
    residentBytes: () => residentBytes(pid),
  }
}

const stop = async (child: ChildProcess): Promise<void> => {
  if (!children.has(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await gone
  clearTimeout(timer)
}

export const stopAll = async (): Promise<void> => {
  await Promise.all([...children].map(stop))
}

const cpuMs = (pid: number): number | undefined => {
  const fields = readProc(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
  // utime and stime are the 14th and 15th of a line whose first two the replacement took.
  return fields && ((Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND) * 1000
}

const residentBytes = (pid: number): number | undefined => {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

const readProc = (file: string): string | undefined => {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
