import { createStore } from '../store/store.ts'
import { useStore } from '../store/use-store.ts'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly kind: 'done' | 'failed'
}

const SHOWN_MS = 6_000

const toasts = createStore<readonly Toast[]>([])
let lastId = 0

const drop = (id: number): void => toasts.set(all => all.filter(each => each.id !== id))

/** Says what has become of something that somebody did. A failure stays until it was seen. */
export const toast = (text: string, kind: Toast['kind'] = 'done'): void => {
  const id = (lastId += 1)
  toasts.set(all => [...all.slice(-3), { id, text, kind }])
  if (kind === 'done') setTimeout(() => drop(id), SHOWN_MS)
}

export const Toasts = () => (
  <div class="toasts" role="status">
    {useStore(toasts).map(({ id, text, kind }) => (
      <div key={id} class={`toast ${kind}`}>
        <Icon name={kind === 'done' ? 'check' : 'warning'} />
        <span>{text}</span>
        <Button look="quiet" icon="close" label="Dismiss" onClick={() => drop(id)} />
      </div>
    ))}
  </div>
)
