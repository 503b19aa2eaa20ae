import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { SettingError } from './errors.ts'

export type Environment = Record<string, string | undefined>

/**
 * The environment with the variables of an env file under it: what is set, even to nothing, stays.
 * A missing file is fine; one that cannot be read is a SettingError.
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
