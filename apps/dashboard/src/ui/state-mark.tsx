import type { DeliveryState, JobState } from '@foreman/jobs'
import { Icon, type IconName } from './icon.tsx'

const LOOKS: Readonly<Record<JobState | DeliveryState, readonly [IconName, string]>> = {
  queued: ['ring', ''],
  running: ['play', 'accent'],
  succeeded: ['check', 'good'],
  failed: ['warning', 'wrong'],
  cancelled: ['close', ''],
  pending: ['ring', ''],
  delivered: ['check', 'good'],
  dead: ['warning', 'wrong'],
}

/** A state as a word with a sign, so that colour is never alone. */
export const StateMark = ({ state }: { readonly state: JobState | DeliveryState }) => {
  const [icon, look] = LOOKS[state]
  return (
    <span class={`mark ${look}`}>
      <Icon name={icon} />
      {state}
    </span>
  )
}
