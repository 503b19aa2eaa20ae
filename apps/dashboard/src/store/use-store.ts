import { useEffect, useReducer, useRef } from 'preact/hooks'
import type { Store } from './store.ts'

/** The part of a store that a component shows. The component is drawn again only when that part is another one. */
export const useStore = <Value, Part = Value>(
  store: Store<Value>,
  select: (value: Value) => Part = value => value as unknown as Part,
): Part => {
  const [, redraw] = useReducer((times: number) => times + 1, 0)
  const part = select(store.get())
  const shown = useRef({ part, select })
  shown.current = { part, select }
  useEffect(() => {
    const compare = () => {
      const { part: last, select: latest } = shown.current
      if (!Object.is(latest(store.get()), last)) redraw(undefined)
    }
    // It may have changed between the drawing and now.
    compare()
    return store.subscribe(compare)
  }, [store])
  return part
}
