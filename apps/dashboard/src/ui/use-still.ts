import { useEffect, useRef, useState } from 'preact/hooks'
import { isInUse, whenLeft } from './in-use.ts'
import { holdStill, type Still } from './still.ts'

/**
 * Holds rows still while the element that has them is in use.
 *
 * @returns the rows to show, and the `ref` of that element
 */
export const useStill = <Row>(latest: readonly Row[], keyOf: (row: Row) => string) => {
  const ref = useRef<HTMLDivElement>(null)
  const shown = useRef(latest)
  const [, look] = useState(0)
  useEffect(() => whenLeft(ref.current!, () => look(last => last + 1)), [])
  const still: Still<Row> = isInUse(ref.current)
    ? holdStill(shown.current, latest, keyOf)
    : { rows: latest, gone: new Set<string>(), arrived: 0 }
  shown.current = still.rows
  return { ref, ...still }
}
