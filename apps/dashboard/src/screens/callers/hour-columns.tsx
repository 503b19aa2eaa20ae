import type { CallerSnapshot } from '@foreman/jobs'
import { count, percent, roughly } from '../../format/number.ts'
import { Bar } from '../../ui/bar.tsx'
import type { Column } from '../../ui/table.tsx'
import { Duration } from '../../ui/time.tsx'

/** What a caller has used this hour. */
export const hourColumns: readonly Column<CallerSnapshot>[] = [
  { head: 'Jobs', kind: 'number', cell: ({ hour }) => count(hour.jobs) },
  { head: 'Tokens', kind: 'number', cell: ({ hour }) => roughly(hour.tokens) },
  { head: 'Target', kind: 'number', cell: ({ hour }) => <Duration ms={hour.target_ms} /> },
  { head: 'Share', kind: 'text', cell: ({ hour }) => <Share share={hour.share} /> },
]

const Share = ({ share }: { readonly share: number }) => (
  <div class="share">
    <Bar
      parts={[{ name: 'share', value: share, look: 'normal' }]}
      whole={1}
      label={`${percent(share)} of the target's time`}
    />
    <span aria-hidden="true">{percent(share)}</span>
  </div>
)
