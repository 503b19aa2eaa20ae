import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { SettingError } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment, completed by the variables of an env file. A variable that the environment sets, even to nothing,
 * keeps its value. The file may be missing.
 *
 * @throws SettingError when the file exists and cannot be read
 * @example
 * const config = readSettings(settings, { ...command, env: withEnvFile(process.env) })
 */
export const withEnvFile = (env: Environment, path = '.env'): Environment => {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { ...env }
    throw new SettingError(`${path} cannot be read (${code ?? message})`, { cause: error })
  }
  return { ...parseEnv(text), ...env }
}
