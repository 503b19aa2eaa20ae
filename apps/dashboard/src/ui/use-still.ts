import { useRef } from 'preact/hooks'
import { useRoute } from '../router/navigation.ts'
import { formatRoute } from '../router/route.ts'
import { holdStill, type Still } from './still.ts'
import { useInUse } from './use-in-use.ts'

/**
 * Holds rows still while the element that has them is in use. Whoever filters wants others, and gets them at once.
 *
 * @param more how many rows may be shown meanwhile more than there are: new ones below the others
 * @returns the rows to show, and the `ref` of that element
 */
export const useStill = <Row>(latest: readonly Row[], keyOf: (row: Row) => string, more = 0) => {
  const ref = useRef<HTMLDivElement>(null)
  const about = formatRoute(useRoute())
  const shown = useRef({ about, rows: latest })
  const isInUse = useInUse(ref)
  const isHeld = isInUse && shown.current.about === about
  const still: Still<Row> = isHeld
    ? holdStill(shown.current.rows, latest, keyOf, more)
    : { rows: latest, gone: new Set<string>(), arrived: 0 }
  shown.current = { about, rows: still.rows }
  return { ref, ...still }
}
