import { useState } from 'preact/hooks'
import { session } from '../api/session.ts'
import { useStore } from '../store/use-store.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Note } from '../ui/note.tsx'

const WORDS = {
  missing:
    'This foreman wants to know who you are. Operators and viewers see everything, a caller its own part.',
  refused: 'The server does not know this token.',
  other: 'Another token may see or do more.',
} as const

/** Asks for a token when one is needed. */
export const SignIn = () => {
  const asks = useStore(session.state, ({ asks: why }) => why)
  return asks ? <TokenDialog key={asks} asks={asks} /> : null
}

const TokenDialog = ({ asks }: { readonly asks: keyof typeof WORDS }) => {
  const [token, setToken] = useState('')
  const [onDevice, setOnDevice] = useState(false)
  return (
    <Dialog title="Token" canClose={asks === 'other'} onClose={session.stay}>
      <form
        onSubmit={event => {
          event.preventDefault()
          session.use(token.trim(), { onDevice })
        }}
      >
        {asks === 'refused' ? <Note kind="wrong">{WORDS[asks]}</Note> : <p>{WORDS[asks]}</p>}
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            autocomplete="current-password"
            required={asks !== 'other'}
            pattern="[!-~]+"
            title="Tokens consist of ASCII characters without spaces"
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <label class="box">
          <input
            type="checkbox"
            checked={onDevice}
            onChange={({ currentTarget }) => setOnDevice(currentTarget.checked)}
          />
          <span>
            Keep it on this device
            <small>Otherwise it is forgotten with this tab. It is never in a cookie.</small>
          </span>
        </label>
        <footer>
          <Button type="submit" look="main">
            Use this token
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
