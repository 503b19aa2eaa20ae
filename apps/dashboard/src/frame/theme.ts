import { createStore } from '../store/store.ts'

const themes = ['auto', 'light', 'dark'] as const

type Theme = (typeof themes)[number]

const KEY = 'foreman-theme'

export const theme = createStore<Theme>(themes.find(each => each === localStorage.getItem(KEY)) ?? 'auto')

const apply = (): void => {
  const chosen = theme.get()
  if (chosen === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = chosen
  localStorage.setItem(KEY, chosen)
}

export const keepTheme = (): void => {
  apply()
  theme.subscribe(apply)
}

export const nextTheme = (): void =>
  theme.set(last => themes[(themes.indexOf(last) + 1) % themes.length] ?? 'auto')
