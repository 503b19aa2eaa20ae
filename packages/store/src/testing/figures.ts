import type { ProcessFigures } from '../values.ts'

/** What some process says of itself. */
export const someFigures: ProcessFigures = {
  version: '1',
  residentBytes: 90_000_000,
  cpuMs: 60,
  loopLagMs: 2,
  settings: 'hash',
}
