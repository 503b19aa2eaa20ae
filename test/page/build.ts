import { execFileSync } from 'node:child_process'
import path from 'node:path'

const script = path.join(import.meta.dirname, '../../apps/dashboard/scripts/build.ts')

/** Builds the page once for all tests. */
export const setup = (): void => {
  execFileSync(process.execPath, [script], { stdio: 'inherit' })
}
