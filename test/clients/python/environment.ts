import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { installOnce, lastWordsOf } from '../optional.ts'

const run = promisify(execFile)

const home = path.join(import.meta.dirname, '../../../.venv/clients')
const interpreter = path.join(home, 'bin/python')
const requirements = path.join(import.meta.dirname, 'requirements.txt')

/** Either an interpreter or the reason why there is none. */
export interface Environment {
  readonly interpreter?: string
  readonly missing?: string
}

/** A virtual environment with the pinned clients, made when there is none or they have changed. */
export const pythonEnvironment = async (): Promise<Environment> => {
  let version: string
  try {
    // What a virtual environment needs is a package of its own on some systems.
    const question = 'import ensurepip, sys, venv; assert sys.version_info >= (3, 11); print(sys.version)'
    version = (await run('python3', ['-c', question])).stdout
  } catch (error) {
    return { missing: `no python3 of version 3.11 or later with venv: ${lastWordsOf(error)}` }
  }
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
  // The file names everything, so that nothing needs resolving, which would take a minute.
  const limits = ['--retries', '1', '--only-binary', ':all:', '--no-deps']
  const missing = await installOnce({
    home,
    wanted: [version, fs.readFileSync(requirements)],
    commands: [
      ['python3', '-m', 'venv', home],
      [interpreter, ...install, ...limits, '--requirement', requirements],
    ],
  })
  return missing === undefined ? { interpreter } : { missing }
}
