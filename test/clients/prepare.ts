import { agents } from './agents/environment.ts'
import { pythonEnvironment } from './python/environment.ts'

/** Before there are several who would. */
export const setup = async (): Promise<void> => {
  await Promise.all([pythonEnvironment(), agents()])
}
