import type { RefObject } from 'preact'
import { useRef } from 'preact/hooks'
import { useInUse } from './use-in-use.ts'

/** Keeps a value as it is while the element that shows it is in use. */
export const useHeld = <Value>(latest: Value, ref: RefObject<Element | null>): Value => {
  const shown = useRef(latest)
  if (!useInUse(ref)) shown.current = latest
  return shown.current
}
