import type { BatchCounts } from '@foreman/jobs'
import { count, percent } from '../../format/number.ts'

/** What a batch consists of, in the order in which it is drawn. Empty kinds are left out. */
export const progressOf = ({
  succeeded,
  failed,
  cancelled,
  running,
  queued,
  deleted = 0,
  refused = 0,
}: BatchCounts): readonly { readonly name: string; readonly value: number }[] =>
  [
    { name: 'succeeded', value: succeeded },
    { name: 'failed', value: failed },
    { name: 'cancelled', value: cancelled },
    { name: 'refused', value: refused },
    { name: 'deleted', value: deleted },
    { name: 'running', value: running },
    { name: 'queued', value: queued },
  ].filter(({ value }) => value > 0)

/** `958 succeeded, 40 queued`. */
export const progressInWords = (counts: BatchCounts): string =>
  progressOf(counts)
    .map(({ name, value }) => `${count(value)} ${name}`)
    .join(', ')

/** `958 of 1,000 ended (96 %)`. */
export const endedInWords = ({ queued, running, total }: BatchCounts): string => {
  const ended = total - queued - running
  return `${count(ended)} of ${count(total)} ended (${percent(total === 0 ? 1 : ended / total)})`
}
