import type { KeyAction } from '../keys/keys.ts'
import { createStore } from '../store/store.ts'
import { useStore } from '../store/use-store.ts'
import { Dialog } from '../ui/dialog.tsx'

const isShown = createStore(false)

export const showKeys = (): void => isShown.set(true)

/** All keys, and what they do. */
export const KeysHelp = ({ keys }: { readonly keys: () => Readonly<Record<string, KeyAction>> }) =>
  useStore(isShown) ? (
    <Dialog title="Keys" onClose={() => isShown.set(false)}>
      <dl class="keys">
        {Object.entries(keys()).map(([key, { what }]) => (
          <div key={key}>
            <dt>
              {key.split(' ').map(each => (
                <kbd key={each}>{each}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  ) : null
