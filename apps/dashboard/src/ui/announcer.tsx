import { useEffect, useState } from 'preact/hooks'

/** Nobody can listen to more. */
const QUIET_MS = 10_000

/** Reads a sentence to who cannot see it when it has changed, but not more often than once in ten seconds. */
export const Announcer = ({ text }: { readonly text: string }) => {
  const [said, setSaid] = useState({ text, at: -Infinity })
  useEffect(() => {
    if (text === said.text) return
    const waitMs = Math.max(0, said.at + QUIET_MS - performance.now())
    const timer = setTimeout(() => setSaid({ text, at: performance.now() }), waitMs)
    return () => clearTimeout(timer)
  }, [text, said])
  return (
    <p class="hidden" role="status">
      {said.text}
    </p>
  )
}
