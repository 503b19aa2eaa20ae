import { render } from 'preact'
import { App } from './app.tsx'
import { keepPlace } from './frame/keep-place.ts'
import { keyTable } from './frame/key-table.ts'
import { keepTheme } from './frame/theme.ts'
import { listenForKeys } from './keys/keys.ts'
import { watchQueue } from './live/live.ts'
import './styles/index.css'

keepTheme()
watchQueue()
listenForKeys(keyTable)
render(<App />, document.getElementById('app')!)
keepPlace(document.getElementById('content')!)
