import type { Facts } from '../facts.ts'
import type { Check, Finding } from '../finding.ts'
import { machineChecks } from './machine.ts'
import { processChecks } from './processes.ts'
import { queueFileChecks } from './queue-file.ts'
import { safetyChecks } from './safety.ts'
import { targetChecks } from './target.ts'
import { wayInChecks } from './way-in.ts'

const checks: readonly Check[] = [
  ...machineChecks,
  ...queueFileChecks,
  ...processChecks,
  ...targetChecks,
  ...wayInChecks,
  ...safetyChecks,
]

/** What all checks find. */
export const findingsOf = (facts: Facts): Finding[] =>
  checks.map(({ name, look }) => ({ check: name, ...look(facts) }))
