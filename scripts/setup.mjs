// Installs this checkout's dependencies once per lockfile. Plain JavaScript for whatever Node the machine has (20 or later).
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'

const PNPM = 'pnpm@12.21.0'
const LONGEST_INSTALL_MS = 10 * 60_000
const stampFile = 'node_modules/.foreman-installed'
const lockDir = '.installing'
const holders = `${lockDir}/pids`

const wanted = createHash('sha256')
for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
  wanted.update(fs.readFileSync(file))
const stamp = `${wanted.digest('hex')} ${process.platform} ${process.arch}\n`

const installed = () => {
  try {
    return fs.readFileSync(stampFile, 'utf8') === stamp
  } catch {
    return false
  }
}

const isRunning = pid => {
  try {
    process.kill(pid, 0)
    // A zombie still has its pid, but has ended.
    return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    return error.code === 'EPERM' || (error.code === 'ENOENT' && process.platform !== 'linux')
  }
}

/**
 * Whether a running process holds the lock: the installer, or its npx if that outlived the installer.
 *
 * @throws ENOENT when there is no lock
 */
const held = () => {
  // A lock of the future is from before the clock was set back.
  const ageMs = Math.abs(Date.now() - fs.statSync(lockDir).mtimeMs)
  try {
    return (
      ageMs < LONGEST_INSTALL_MS &&
      fs.readFileSync(holders, 'utf8').trim().split('\n').map(Number).some(isRunning)
    )
  } catch (error) {
    // The holder has made the directory and not yet written its pid.
    return error.code === 'ENOENT' && ageMs < 2000
  }
}

/**
 * Takes the lock, or waits until its holder is done.
 *
 * @returns false when everything is installed
 */
const lock = async () => {
  for (;;) {
    if (installed()) return false
    try {
      fs.mkdirSync(lockDir)
      fs.writeFileSync(holders, `${process.pid}\n`)
      return true
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    try {
      if (!held()) {
        // The rename comes first because it succeeds for only one of several waiting processes.
        const abandoned = `${lockDir}.${process.pid}`
        fs.renameSync(lockDir, abandoned)
        fs.rmSync(abandoned, { recursive: true, force: true })
      }
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

/** Runs pnpm and returns its exit code. pnpm gets its own process group, so that one signal ends all of it. */
const install = async () => {
  console.error('foreman: installing dependencies (once)')
  // Before it starts, or a signal at that moment would end this process alone. The next start completes what was cut off.
  const stop = () => process.kill(-npx.pid, 'SIGKILL')
  process.once('SIGTERM', stop).once('SIGINT', stop)
  const npx = spawn('npx', ['--yes', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    // The output of pnpm goes to stderr: stdout belongs to the command that is being started.
    stdio: ['ignore', 2, 2],
    detached: true,
    env: { ...process.env, CI: 'true', NODE_ENV: 'development' },
  })
  const exit = once(npx, 'exit')
  if (npx.pid !== undefined) fs.appendFileSync(holders, `${npx.pid}\n`)
  const [code] = await exit
  return code ?? 1
}

const main = async () => {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) throw new Error(`Node 20 or later is needed, this is ${process.version}`)
  if (installed() || !(await lock())) return
  try {
    if (installed()) return
    process.exitCode = await install()
    if (process.exitCode === 0) fs.writeFileSync(stampFile, stamp)
  } finally {
    fs.rmSync(lockDir, { recursive: true, force: true })
  }
}

main().catch(error => {
  console.error(`foreman: the dependencies cannot be installed: ${error.message}`)
  process.exitCode = 1
})
