import fc from 'fast-check'
import { describe, test } from 'vitest'
import { anyStep } from '../lifecycle/steps.ts'
import { Trial } from '../lifecycle/trial.ts'
import type { Engine, TestedStore } from './engine.ts'

const isSoak = process.env['FOREMAN_SOAK'] === '1'

/** Takes long, so that it is a file of its own. */
export const lifecycleContract = (engine: Engine): void => {
  describe(`the store on ${engine.name}`, () => {
    test(
      'whatever gateways, workers and the clock do, a job changes its state only as allowed and ends once',
      { timeout: isSoak ? 3_600_000 : 60_000 },
      async () => {
        /** A store that the run before has left empty. */
        let empty:
          | { readonly tested: TestedStore; readonly happened: ReadonlyMap<string, number> }
          | undefined
        const steps = fc.array(anyStep, { minLength: 10, maxLength: 60, size: 'max' })
        const holds = async (taken: typeof steps extends fc.Arbitrary<infer T> ? T : never) => {
          const { tested, happened } = empty ?? {
            tested: await engine.create({ compose: ({ event, job }) => `${event} of ${job.seq}` }),
            happened: new Map(),
          }
          empty = undefined
          const trial = new Trial(tested, happened)
          for (const step of taken) await trial.take(step)
          await trial.checkEnd()
          empty = { tested, happened: trial.happened }
        }
        await fc.assert(fc.asyncProperty(steps, holds), { numRuns: isSoak ? 10_000 : 100 })
      },
    )
  })
}
