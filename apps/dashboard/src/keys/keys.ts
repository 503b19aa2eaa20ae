import { KeyReader } from './sequence.ts'

export interface KeyAction {
  readonly what: string
  readonly run: () => void
}

const reader = new KeyReader<KeyAction>()

/** Listens for keys, but not while somebody writes, chooses or answers a question. */
export const listenForKeys = (table: () => Readonly<Record<string, KeyAction>>): void => {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const { target } = event
    if (target instanceof HTMLElement && target.matches('input, select, textarea, dialog, dialog *')) return
    if (document.querySelector('dialog[open]')) return
    const action = reader.press(event.key, event.timeStamp, table())
    if (!action) return
    event.preventDefault()
    action.run()
  })
}
