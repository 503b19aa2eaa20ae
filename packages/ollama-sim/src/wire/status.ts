import { RunnerDied } from '../exchange.ts'
import { QueueFullError } from '../scheduler/scheduler.ts'
import { OptionError } from './options.ts'
import { Refusal } from './refusal.ts'

/** The status that an error has before anything was sent; undefined when it is not one for the caller. */
export const statusOf = (error: unknown): number | undefined => {
  if (error instanceof Refusal) return error.status
  if (error instanceof QueueFullError) return 503
  if (error instanceof OptionError || error instanceof RunnerDied) return 500
  return undefined
}
