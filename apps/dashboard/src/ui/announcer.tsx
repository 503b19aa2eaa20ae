import { useEffect, useState } from 'preact/hooks'

interface AnnouncerProps {
  readonly text: string
  /** What the text is about: clocks and counts in it run, and are not worth a word. Default: the text itself. */
  readonly about?: string
}

/** Nobody can listen to more. */
const QUIET_MS = 10_000

/** Reads a sentence to who cannot see it when it is about something else, but not more often than once in ten seconds. */
export const Announcer = ({ text, about = text }: AnnouncerProps) => {
  const [said, setSaid] = useState({ text, about, at: -Infinity })
  useEffect(() => {
    if (about === said.about) return
    const waitMs = Math.max(0, said.at + QUIET_MS - performance.now())
    const timer = setTimeout(() => setSaid({ text, about, at: performance.now() }), waitMs)
    return () => clearTimeout(timer)
  }, [about, said])
  return (
    <p class="hidden" role="status">
      {said.text}
    </p>
  )
}
