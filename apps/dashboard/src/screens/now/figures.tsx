import type { ComponentChildren } from 'preact'
import { count, percent, roughly } from '../../format/number.ts'
import { live } from '../../live/live.ts'
import { useStore } from '../../store/use-store.ts'
import { Duration, RelativeTime } from '../../ui/time.tsx'

/** What the queue has saved and done. */
export const Figures = () => {
  const { hour, ever } = useStore(live, state => state.snapshot)!
  const ended = hour.succeeded + hour.failed + hour.cancelled
  return (
    <dl class="figures">
      <Figure name="Jobs this hour" value={count(ended)}>
        {hour.failed === 0 ? 'none failed' : `${count(hour.failed)} failed (${percent(hour.failed / ended)})`}
      </Figure>
      <Figure name="Tokens written this hour" value={roughly(hour.output_tokens)}>
        {roughly(hour.input_tokens)} read
      </Figure>
      <Figure name="Target busy this hour" value={percent(Math.min(1, hour.busy_ms / 3_600_000))}>
        <Duration ms={hour.busy_ms} />
      </Figure>
      <Figure name="Loads this hour" value={count(hour.loads)}>
        <Duration ms={hour.load_ms} />
      </Figure>
      <Figure name="Loading saved ever" value={<Duration ms={Math.max(0, ever.load_ms_saved)} />}>
        {count(Math.max(0, ever.loads_in_arrival_order - ever.loads))} loads, since{' '}
        <RelativeTime at={ever.since} />
      </Figure>
    </dl>
  )
}

interface FigureProps {
  readonly name: string
  readonly value: ComponentChildren
  readonly children: ComponentChildren
}

const Figure = ({ name, value, children }: FigureProps) => (
  <div>
    <dt>{name}</dt>
    <dd>
      {value}
      <small class="under">{children}</small>
    </dd>
  </div>
)
