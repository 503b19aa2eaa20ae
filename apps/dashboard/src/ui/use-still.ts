import { useEffect, useRef, useState } from 'preact/hooks'
import { holdStill, type Still } from './still.ts'

/**
 * Holds rows still while the pointer is over them, the focus is in them, or something of them is selected.
 *
 * @returns the rows to show, and the `ref` of the element that has them
 */
export const useStill = <Row>(latest: readonly Row[], keyOf: (row: Row) => string) => {
  const ref = useRef<HTMLDivElement>(null)
  const shown = useRef(latest)
  const [, look] = useState(0)
  useEffect(() => {
    const element = ref.current!
    const leaving = new AbortController()
    for (const event of ['pointerleave', 'focusout'] as const)
      // When the focus goes from one element to the next, it is nowhere for a moment.
      element.addEventListener(event, () => setTimeout(() => look(last => last + 1)), {
        signal: leaving.signal,
      })
    return () => leaving.abort()
  }, [])
  const still: Still<Row> = isInUse(ref.current)
    ? holdStill(shown.current, latest, keyOf)
    : { rows: latest, gone: new Set<string>(), arrived: 0 }
  shown.current = still.rows
  return { ref, ...still }
}

const isInUse = (element: HTMLElement | null): boolean => {
  if (!element) return false
  const selection = document.getSelection()
  const isSelected = selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode)
  return isSelected || element.matches(':hover, :focus-within')
}
