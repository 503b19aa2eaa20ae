import { execFileSync } from 'node:child_process'
import path from 'node:path'

const script = path.join(import.meta.dirname, '../../apps/dashboard/scripts/build.ts')

/** Builds the page once for all tests. */
export const setup = (): void => {
  // It is built as it is for operators, whatever runs the tests.
  const env = { ...process.env, NODE_ENV: 'production' }
  execFileSync(process.execPath, [script], { stdio: 'inherit', env })
}
