import type { ArrivalOrder } from '@foreman/jobs'
import { duration } from '../../../format/duration.ts'
import { counted } from '../../../format/number.ts'

/** What the order of foreman has saved, in a sentence. Undefined: nothing ran. */
export const savedInWords = ({ jobs, loads, load_ms: ms, actual }: ArrivalOrder): string | undefined => {
  if (jobs === 0) return undefined
  const fewer = loads - actual.loads
  const savedMs = ms - actual.load_ms
  if (fewer > 0 && savedMs > 0) return `${counted(fewer, 'load')} and ${duration(savedMs)} of loading saved`
  if (fewer > 0) return `${counted(fewer, 'load')} saved`
  return 'as many loads as in order of arrival'
}

/** `4 loads, 12 s` */
export const loadsInWords = (loads: number, ms: number): string =>
  ms > 0 ? `${counted(loads, 'load')}, ${duration(ms)}` : counted(loads, 'load')
