import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { session } from '../api/session.ts'
import { live } from '../live/live.ts'
import { useRoute } from '../router/navigation.ts'
import { formatRoute } from '../router/route.ts'
import { screens } from '../screens/screens.ts'
import { useStore } from '../store/use-store.ts'
import { Button } from '../ui/button.tsx'
import { RefusalNote } from './connection.tsx'
import { showKeys } from './keys-help.tsx'
import { stateWord } from './state-words.ts'
import { nextTheme, theme } from './theme.ts'

/** What is around every screen: where one can go, how the queue is, and what is wrong with the connection. */
export const Frame = ({ children }: { readonly children: ComponentChildren }) => {
  const [isOpen, setOpen] = useState(false)
  const { snapshot, stream } = useStore(live)
  const isOld = stream.kind === 'lost' && snapshot !== undefined
  return (
    <>
      <a class="skip" href="#content" onClick={toContent}>
        To the content
      </a>
      <header class="top">
        <a class="brand" href={formatRoute({})}>
          foreman
        </a>
        <State />
        <div class="tools">
          <ReadOnly />
          <Account />
          <ThemeButton />
          <span class="for-keys">
            <Button look="quiet" icon="help" label="Keys" onClick={showKeys} />
          </span>
          <span class="menu">
            <Button
              look="quiet"
              icon="menu"
              label="Menu"
              isExpanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            />
          </span>
        </div>
      </header>
      <Navigation isOpen={isOpen} onChosen={() => setOpen(false)} />
      <main id="content" tabIndex={-1} class={isOld ? 'old' : undefined}>
        <RefusalNote />
        {children}
      </main>
    </>
  )
}

const Navigation = ({ isOpen, onChosen }: { readonly isOpen: boolean; readonly onChosen: () => void }) => {
  const { screen } = useRoute()
  return (
    <nav class={isOpen ? 'screens open' : 'screens'} aria-label="Screens">
      {screens.map(({ path, title, key }) => (
        <a
          key={path}
          href={formatRoute({ screen: path })}
          aria-current={path === screen ? 'page' : undefined}
          onClick={onChosen}
        >
          {title}
          <kbd aria-hidden="true">{key}</kbd>
        </a>
      ))}
    </nav>
  )
}

/** The hash is the route, so the browser cannot be sent there by it. */
const toContent = (event: Event): void => {
  event.preventDefault()
  document.querySelector<HTMLElement>('#content')?.focus()
}

const State = () => {
  const { word, look } = stateWord(useStore(live))
  return <span class={`state ${look}`}>{word}</span>
}

const ReadOnly = () => {
  const access = useStore(session.state, state => state.you?.dashboard)
  return access === 'read-only' ? <span class="badge">read-only</span> : null
}

const Account = () => {
  const you = useStore(session.state, state => state.you)
  if (!you?.has_tokens) return null
  return (
    <Button
      look="quiet"
      icon="key"
      label={`${you.name} (${you.role}). Use another token`}
      onClick={session.ask}
    >
      <span class="who">{you.name}</span>
    </Button>
  )
}

const ThemeButton = () => {
  const chosen = useStore(theme)
  return <Button look="quiet" icon={chosen} label={`Colours: ${chosen}`} onClick={nextTheme} />
}
