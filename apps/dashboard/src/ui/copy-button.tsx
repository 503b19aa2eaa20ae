import { Button } from './button.tsx'
import { toast } from './toasts.tsx'

/** Puts a text into the clipboard. Browsers allow it on this machine and over TLS. */
export const CopyButton = ({ text, what }: { readonly text: string; readonly what: string }) => {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      toast(`${what} copied`)
    } catch {
      toast('this browser does not let the page copy', 'failed')
    }
  }
  return <Button look="quiet" icon="copy" label={`Copy ${what}`} onClick={() => void copy()} />
}
