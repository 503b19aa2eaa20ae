// Before the sheets of the screens, which say what is otherwise there.
import './styles/index.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { keepPlace } from './frame/keep-place.ts'
import { keyTable } from './frame/key-table.ts'
import { keepTheme } from './frame/theme.ts'
import { listenForKeys } from './keys/keys.ts'
import { watchQueue } from './live/live.ts'

keepTheme()
watchQueue()
listenForKeys(keyTable)
render(<App />, document.getElementById('app')!)
keepPlace(document.getElementById('content')!)
