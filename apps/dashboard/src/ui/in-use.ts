/** Whether the pointer is over an element, the focus is in it, or something of it is selected. */
export const isInUse = (element: Element | null): boolean => {
  if (!element) return false
  const selection = document.getSelection()
  const isSelected = selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode)
  return isSelected || element.matches(':hover, :focus-within')
}

/** Calls when an element may no longer be in use. */
export const whenLeft = (element: Element, left: () => void): (() => void) => {
  const leaving = new AbortController()
  for (const event of ['pointerleave', 'focusout'] as const)
    // When the focus goes from one element to the next, it is nowhere for a moment.
    element.addEventListener(event, () => setTimeout(left), { signal: leaving.signal })
  return () => leaving.abort()
}
