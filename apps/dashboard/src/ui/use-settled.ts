import { useEffect, useRef, useState } from 'preact/hooks'

const SETTLED_MS = 250

/**
 * A text as it is, but while it changes again and again only when nobody has changed it for a moment: the server need not be asked
 * for each letter that somebody types.
 */
export const useSettled = (text: string): string => {
  const [settled, setSettled] = useState(text)
  const changedAt = useRef(-Infinity)
  const last = useRef(text)
  const isChanged = text !== last.current
  const isQuick = performance.now() - changedAt.current < SETTLED_MS
  if (isChanged) {
    last.current = text
    changedAt.current = performance.now()
  }
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [text])
  if (!isChanged || isQuick || text === settled) return settled
  setSettled(text)
  return text
}
