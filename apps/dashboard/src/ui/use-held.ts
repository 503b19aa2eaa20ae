import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { isInUse, whenLeft } from './in-use.ts'

/** Keeps a value as it is while the element that shows it is in use. */
export const useHeld = <Value>(latest: Value, ref: RefObject<Element | null>): Value => {
  const shown = useRef(latest)
  const [, look] = useState(0)
  useEffect(() => whenLeft(ref.current!, () => look(last => last + 1)), [])
  if (!isInUse(ref.current)) shown.current = latest
  return shown.current
}
