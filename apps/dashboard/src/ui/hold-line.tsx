import type { Hold } from '@foreman/jobs'
import { RelativeTime } from './time.tsx'

/** Who holds something since when, until when, and why: one line below what is held. */
export const HoldLine = ({ hold, words }: { readonly hold: Hold; readonly words: string }) => (
  <small class="under">
    {words}
    {hold.by !== undefined && ` by ${hold.by}`} <RelativeTime at={hold.since} />
    {hold.until !== undefined && (
      <>
        , over <RelativeTime at={hold.until} />
      </>
    )}
    {hold.reason !== undefined && `: ${hold.reason}`}
  </small>
)
