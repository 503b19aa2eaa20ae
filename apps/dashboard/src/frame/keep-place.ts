/** What stays in its place: a row, or else the panel that the pointer is over. */
const PLACES = 'tr, .panel'

interface Place {
  readonly element: Element
  readonly top: number
}

/**
 * Keeps what is under the pointer, or has the focus, where it is when something above it comes or goes: the page scrolls by as much,
 * before it is drawn.
 */
export const keepPlace = (main: Element): void => {
  let place: Place | undefined
  const note = (target: EventTarget | Element | null): void => {
    const element = target instanceof Element && main.contains(target) ? target.closest(PLACES) : null
    place = element ? { element, top: element.getBoundingClientRect().top } : undefined
  }
  const noteAgain = (): void => note(place?.element ?? null)
  document.addEventListener('pointermove', ({ target }) => note(target), { passive: true })
  document.addEventListener('focusin', ({ target }) => note(target))
  document.addEventListener('scroll', noteAgain, { passive: true })
  window.addEventListener('resize', noteAgain)
  const keep = (): void => {
    if (!place?.element.isConnected) return
    const moved = place.element.getBoundingClientRect().top - place.top
    if (Math.abs(moved) < 1) return
    window.scrollBy({ top: moved, behavior: 'instant' })
    // At an end of the page, it cannot scroll as far.
    noteAgain()
  }
  new MutationObserver(keep).observe(main, { childList: true, characterData: true, subtree: true })
}
