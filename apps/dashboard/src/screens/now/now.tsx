import { live } from '../../live/live.ts'
import { useStore } from '../../store/use-store.ts'
import { Callers } from './callers.tsx'
import { Figures } from './figures.tsx'
import { Head } from './head.tsx'
import { InFlight } from './in-flight.tsx'
import { Line } from './line.tsx'
import { Timeline } from './timeline/timeline.tsx'
import './now.css'

/** How it stands at this moment: who works, who waits and why, and what that has saved. */
export const Now = () => {
  const isKnown = useStore(live, ({ snapshot }) => snapshot !== undefined)
  if (!isKnown) return <p class="muted">Waiting for the first word of the queue …</p>
  return (
    <>
      <Head />
      <Figures />
      <Timeline />
      <InFlight />
      <Line />
      <Callers />
    </>
  )
}
