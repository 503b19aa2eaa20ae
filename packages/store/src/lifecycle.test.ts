import fc from 'fast-check'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'vitest'
import { openStore } from './open-store.ts'
import { anyStep, Trial } from './testing/lifecycle-trial.ts'
import { tempDirectory } from './testing/temp-store.ts'

test(
  'whatever gateways, workers and the clock do, a job changes its state only as allowed and ends once',
  { timeout: 60_000 },
  () => {
    const directory = tempDirectory()
    const empty = path.join(directory, 'empty.db')
    openStore(empty, { busyTimeoutMs: 5 }).close()
    let runs = 0
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 10, maxLength: 60, size: 'max' }), steps => {
        const file = path.join(directory, `${++runs}.db`)
        fs.copyFileSync(empty, file)
        const trial = new Trial(file)
        try {
          for (const step of steps) {
            trial.take(step)
            trial.check()
          }
          trial.checkEnd()
        } finally {
          trial.close()
        }
      }),
      { numRuns: 200 },
    )
  },
)
