import type { ComponentChildren } from 'preact'
import { messageOf, ApiError } from '../api/problem.ts'
import { session } from '../api/session.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy-button.tsx'
import { Icon, type IconName } from './icon.tsx'

interface NoteProps {
  readonly kind: 'wrong' | 'warning' | 'wanted' | 'news'
  readonly children: ComponentChildren
  /** What can be done about it. */
  readonly actions?: ComponentChildren
}

const ICONS: Readonly<Record<NoteProps['kind'], IconName>> = {
  wrong: 'warning',
  warning: 'warning',
  wanted: 'hand',
  news: 'info',
}

/** Something that somebody should know before they look at the rest. */
export const Note = ({ kind, children, actions }: NoteProps) => (
  <div class={`note ${kind}`}>
    <Icon name={ICONS[kind]} />
    <div>{children}</div>
    {actions && <div class="actions">{actions}</div>}
  </div>
)

/** What could not be shown, and why. */
export const ErrorNote = ({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) => {
  const isAboutRights = error instanceof ApiError && error.isAboutRights
  const actions = isAboutRights ? (
    <Button icon="key" onClick={session.ask}>
      Use another token
    </Button>
  ) : (
    retry && <Button onClick={retry}>Try again</Button>
  )
  return (
    <Note kind={isAboutRights ? 'wanted' : 'wrong'} actions={actions}>
      {messageOf(error)}
    </Note>
  )
}

/** Where there is nothing yet: what would bring something here. */
export const Empty = ({
  children,
  command,
}: {
  readonly children: ComponentChildren
  readonly command?: string
}) => (
  <div class="empty">
    <p>{children}</p>
    {command !== undefined && (
      <div class="command">
        <code>{command}</code>
        <CopyButton text={command} what="command" />
      </div>
    )}
  </div>
)
