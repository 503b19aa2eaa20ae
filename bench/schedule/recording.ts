import type { SeenRequest } from '@foreman/ollama-sim'
import type { Arrival, Trace } from './trace.ts'

/** A request that was answered. */
export interface Answered extends Omit<Arrival, 'at'> {
  /** By `performance.now()`. */
  readonly sentAtMs: number
}

/** What was recorded: arrivals only. */
export type Recording = Pick<Trace, 'loadS' | 'jobs'>

const MS = 1_000
const HUNDREDTHS = 100

export const rounded = (seconds: number): number => Math.round(seconds * HUNDREDTHS) / HUNDREDTHS

/**
 * Puts together what the target has seen and who asked: it does not know who a caller is. Requests for one model arrive in the
 * order in which they were sent.
 *
 * @param options.faster how many times as fast as in the recording it went
 */
export const arrivalsOf = (
  seen: readonly SeenRequest[],
  answered: readonly Answered[],
  { beganAtMs, faster }: { readonly beganAtMs: number; readonly faster: number },
): Arrival[] => {
  const senders = Map.groupBy(
    answered.toSorted((a, b) => a.sentAtMs - b.sentAtMs),
    ({ model }) => model,
  )
  return seen.map(({ model, at }) => {
    const sender = senders.get(model ?? '')?.shift()
    if (!sender) throw new Error(`a request for ${model} was seen, and not sent`)
    const { caller, workS, kind } = sender
    return {
      at: rounded(((at - beganAtMs) / MS) * faster),
      caller,
      model: sender.model,
      workS: rounded(workS * faster),
      kind,
    }
  })
}

/** The text of the file: a line for each job, as the formatter has it. */
export const textOf = ({ loadS, jobs }: Recording): string => {
  const line = (value: object) => JSON.stringify(value, undefined, 1).replaceAll(/\n */g, ' ')
  return `{\n  "loadS": ${line(loadS)},\n  "jobs": [\n${jobs.map(job => `    ${line(job)}`).join(',\n')}\n  ]\n}\n`
}
