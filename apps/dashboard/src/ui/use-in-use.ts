import type { RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { isInUse, whenLeft } from './in-use.ts'

/** Whether an element is in use. When it may no longer be, the component is drawn again. */
export const useInUse = (ref: RefObject<Element | null>): boolean => {
  const [, look] = useState(0)
  useEffect(() => whenLeft(ref.current!, () => look(last => last + 1)), [])
  return isInUse(ref.current)
}
