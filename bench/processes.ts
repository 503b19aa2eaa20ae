import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'

/** The root of this checkout. */
const ROOT = path.join(import.meta.dirname, '..')
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000
const CLOCK_TICKS_PER_SECOND = 100
const MAX_ERROR_CHARACTERS = 2_000

export interface Command {
  /** For error messages. */
  readonly name: string
  /** The checkout that the file belongs to. Default: this one. */
  readonly root?: string | undefined
  /** Relative to the root. */
  readonly file: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The process is ready when its output matches. The first group becomes `said`. */
  readonly ready: RegExp
  /** Where the process writes its CPU profile when it stops. */
  readonly profileDirectory?: string | undefined
}

/** A process that was started as an operator starts it. */
export interface Process {
  readonly pid: number
  readonly said: string
  /** Resolves when the process is gone. */
  stop(): Promise<void>
  /** The CPU time of all its threads so far; undefined where the system does not report it. */
  cpuMs(): number | undefined
  /** Its memory in RAM; undefined where the system does not report it. */
  residentBytes(): number | undefined
}

const children = new Set<ChildProcess>()

// When this process exits, its children go too. When it is killed, they notice that the IPC channel has closed.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** The variables that set up Node itself. The settings of foreman are left out, so that only the benchmark sets them. */
const nodeEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      ['PATH', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE'].includes(name),
    ),
  )

/** Starts a process and waits until it prints that it is ready. */
export const startProcess = async (command: Command): Promise<Process> => {
  const { name, root = ROOT, file, args = [], env = {}, ready, profileDirectory } = command
  const profiling =
    profileDirectory === undefined
      ? []
      : [
          '--cpu-prof',
          `--cpu-prof-dir=${profileDirectory}`,
          `--cpu-prof-name=${name}-${Date.now()}.cpuprofile`,
        ]
  const child = spawn(process.execPath, [...process.execArgv, ...profiling, path.join(root, file), ...args], {
    // This directory has no .env file. Detached: a Ctrl-C on the terminal reaches the parent alone.
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
    const fail = (why: string) =>
      reject(new Error(`${name} ${why}: ${output.slice(-MAX_ERROR_CHARACTERS).trim()}`))
    const timer = setTimeout(() => fail('did not become ready'), START_TIMEOUT_MS)
    const read = (text: Buffer) => {
      output += text.toString()
      const match = ready.exec(output)
      if (!match) return
      clearTimeout(timer)
      // Later output is read and dropped: a full pipe would block the process.
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
  // utime and stime are the 14th and 15th field of the line; the replacement removed the first two.
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
