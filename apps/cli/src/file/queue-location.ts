import { type Environment, readSettings, withEnvFile } from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'

/** Where the queue is. */
export const queueLocation = (flag: string | undefined, environment: Environment): string => {
  if (flag !== undefined) return flag
  const settings = { dbPath: sharedSettings.dbPath }
  const asked = { command: 'foreman', summary: '', argv: [], env: () => withEnvFile(environment) }
  return readSettings(settings, asked).dbPath
}
