import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

interface DialogProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
  /** Whether it can be left without an answer. Default: true */
  readonly canClose?: boolean
}

/** A window over the page. The browser keeps the focus in it, and gives it back when it is closed. */
export const Dialog = ({ title, children, onClose, canClose = true }: DialogProps) => {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current!
    dialog.showModal()
    return () => dialog.close()
  }, [])
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-label={title}
      onCancel={event => {
        event.preventDefault()
        if (canClose) onClose()
      }}
    >
      <h2>{title}</h2>
      {children}
      {/* Behind the rest, so that the first field gets the focus. */}
      {canClose && (
        <div class="closing">
          <Button look="quiet" icon="close" label="Close" onClick={onClose} />
        </div>
      )}
    </dialog>
  )
}
