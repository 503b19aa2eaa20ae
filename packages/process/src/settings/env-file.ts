import { readFileSync } from 'node:fs'
import { readEnvLines } from './env-lines.ts'
import { SettingError } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment, completed by the variables of an env file. A variable that the environment sets, even to nothing,
 * keeps its value. The file may be missing. It may begin with a byte order mark.
 *
 * @throws SettingError when the file exists and cannot be read, is not UTF-8, or has a line that is no assignment
 * @example
 * const config = readSettings(settings, { ...command, env: withEnvFile(process.env) })
 */
export const withEnvFile = (env: Environment, path = '.env'): Environment => {
  const bytes = bytesIn(path)
  if (!bytes) return { ...env }
  return { ...readEnvLines(path, textIn(path, bytes)), ...env }
}

const bytesIn = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new SettingError(`${path} cannot be read (${code ?? message})`, { cause: error })
  }
}

/** The decoder leaves out a byte order mark. */
const textIn = (path: string, bytes: Buffer): string => {
  // UTF-16 begins with its own mark, or has a zero byte in each ASCII letter.
  if (bytes[0] === 0xff || bytes[0] === 0xfe || bytes.includes(0))
    throw new SettingError(`${path} is in UTF-16, not in UTF-8: save it as UTF-8`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new SettingError(`${path} is not in UTF-8: save it as UTF-8`, { cause: error })
  }
}
