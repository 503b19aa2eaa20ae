import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** Creates a directory that is deleted after the current test. */
export const tempDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-store-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}
