import { useEffect, useState } from 'preact/hooks'
import { api } from '../../api/api.ts'
import { live } from '../../live/live.ts'
import { useResource } from '../../live/use-resource.ts'
import { useStore } from '../../store/use-store.ts'
import { ErrorNote } from '../../ui/note.tsx'
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
  if (!isKnown) return <Unknown />
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

/** So long the first snapshot may take. */
const PATIENCE_MS = 3_000

const Unknown = () => {
  const isOpen = useStore(live, ({ stream }) => stream.kind === 'open')
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <>
      <h1>Waiting for the first word of the queue …</h1>
      {isOpen && isLate && <Unreadable />}
    </>
  )
}

/** The stream says nothing as long as the queue cannot be read. Whoever asks is told why. */
const Unreadable = () => {
  const ask = (signal: AbortSignal) => api.get('/queue', { fields: 'state' }, signal)
  const { error, reload } = useResource('queue', ask, { everyMs: PATIENCE_MS })
  return error === undefined ? null : <ErrorNote error={error} retry={reload} />
}
