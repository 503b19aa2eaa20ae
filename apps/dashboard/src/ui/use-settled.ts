import { useEffect, useState } from 'preact/hooks'

const SETTLED_MS = 250

/** A text once nobody has changed it for a moment: the server need not be asked for each letter. */
export const useSettled = (text: string): string => {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}
