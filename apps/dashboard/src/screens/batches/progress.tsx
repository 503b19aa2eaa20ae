import type { BatchCounts } from '@foreman/jobs'
import { Bar } from '../../ui/bar.tsx'
import { progressInWords, progressOf } from './progress-words.ts'

/** How many jobs of a batch are in which state. */
export const Progress = ({ counts }: { readonly counts: BatchCounts }) => {
  const parts = progressOf(counts)
  const words = progressInWords(counts)
  const whole = parts.reduce((sum, { value }) => sum + value, 0)
  return <Bar parts={parts.map(part => ({ ...part, look: `of-${part.name}` }))} whole={whole} label={words} />
}
