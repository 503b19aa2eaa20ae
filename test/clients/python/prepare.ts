import { pythonEnvironment } from './environment.ts'

/** Before there are several who would. */
export const setup = async (): Promise<void> => {
  await pythonEnvironment()
}
