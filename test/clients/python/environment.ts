import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const LONGEST_INSTALL_MS = 5 * 60_000
const requirements = path.join(import.meta.dirname, 'requirements.txt')
const home = path.join(import.meta.dirname, '../../../.venv/clients')
const interpreter = path.join(home, 'bin/python')
const stampFile = path.join(home, 'installed')

/** Either an interpreter or the reason why there is none. */
export interface Environment {
  readonly interpreter?: string
  readonly missing?: string
}

const words = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr || message).trim().split('\n').at(-1) ?? message
}

/**
 * A virtual environment with the pinned clients, made when there is none or they have changed.
 *
 * @throws where a machine that checks changes has Python but cannot install
 */
export const pythonEnvironment = async (): Promise<Environment> => {
  let version: string
  try {
    // What a virtual environment needs is a package of its own on some systems.
    const asked = await run('python3', ['-c', 'import ensurepip, sys, venv; print(sys.version)'])
    version = asked.stdout
  } catch (error) {
    return { missing: `no python3 with venv: ${words(error)}` }
  }
  const wanted = createHash('sha256').update(version).update(fs.readFileSync(requirements)).digest('hex')
  if (fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === wanted) return { interpreter }
  try {
    fs.rmSync(home, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', home], { timeout: LONGEST_INSTALL_MS })
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
    const limits = ['--retries', '1', '--only-binary', ':all:']
    await run(interpreter, [...install, ...limits, '--requirement', requirements], {
      timeout: LONGEST_INSTALL_MS,
    })
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    return { missing: `the packages cannot be installed: ${words(error)}` }
  }
  fs.writeFileSync(stampFile, wanted)
  return { interpreter }
}
