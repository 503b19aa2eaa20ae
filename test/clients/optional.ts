import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const LONGEST_INSTALL_MS = 3 * 60_000

/** What comes from a registry only when these tests run. */
interface Optional {
  /** Its directory, which is made anew when something else is wanted. */
  readonly home: string
  /** Whatever decides what is installed. */
  readonly wanted: readonly (string | Buffer)[]
  /** The commands that install it. */
  readonly commands: readonly (readonly [file: string, ...args: string[]])[]
}

/** The last line that a command wrote before it failed. */
export const lastWordsOf = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr || message).trim().split('\n').at(-1) ?? message
}

/**
 * Installs what is not there yet, or was installed for other versions.
 *
 * @returns why it is missing
 */
export const installOnce = async ({ home, wanted, commands }: Optional): Promise<string | undefined> => {
  const hash = createHash('sha256')
  for (const part of wanted) hash.update(part)
  const stamp = hash.digest('hex')
  const stampFile = path.join(home, 'installed')
  if (fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stamp) return undefined
  try {
    fs.rmSync(home, { recursive: true, force: true })
    fs.mkdirSync(home, { recursive: true })
    for (const [file, ...args] of commands) {
      await run(file, args, { cwd: home, timeout: LONGEST_INSTALL_MS })
    }
  } catch (error) {
    return `the packages cannot be installed: ${lastWordsOf(error)}`
  }
  fs.writeFileSync(stampFile, stamp)
  return undefined
}
