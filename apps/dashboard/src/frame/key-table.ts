import { mayAct, session } from '../api/session.ts'
import type { KeyAction } from '../keys/keys.ts'
import { live } from '../live/live.ts'
import { goTo } from '../router/navigation.ts'
import { screens } from '../screens/screens.ts'
import { askPauseOrResume } from '../steering/pause.ts'
import { showKeys } from './keys-help.tsx'

/** The keys that work on every screen. */
export const keyTable = (): Readonly<Record<string, KeyAction>> => ({
  ...Object.fromEntries(
    screens.map(({ key, title, path }) => [`g ${key}`, { what: title, run: () => goTo({ screen: path }) }]),
  ),
  '/': { what: 'Filter', run: () => document.querySelector<HTMLElement>('[data-filter]')?.focus() },
  ...(mayAct(session.state.get()) && {
    p: { what: 'Pause or resume', run: () => askPauseOrResume(live.get().snapshot) },
  }),
  '?': { what: 'Keys', run: showKeys },
})
