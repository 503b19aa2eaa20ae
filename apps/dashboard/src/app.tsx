import { useEffect } from 'preact/hooks'
import { ConnectionNotes } from './frame/connection.tsx'
import { Frame } from './frame/frame.tsx'
import { keyTable } from './frame/key-table.ts'
import { KeysHelp } from './frame/keys-help.tsx'
import { SignIn } from './frame/sign-in.tsx'
import { useRoute } from './router/navigation.ts'
import { screens } from './screens/screens.ts'
import { Confirm } from './ui/confirm.tsx'
import { Empty } from './ui/note.tsx'
import { Toasts } from './ui/toasts.tsx'

export const App = () => {
  const { screen: path } = useRoute()
  const screen = screens.find(each => each.path === path)
  useEffect(() => {
    document.title = screen ? `${screen.title} · foreman` : 'foreman'
  }, [screen])
  return (
    <>
      <Frame>{screen ? <screen.view key={path} /> : <Empty>There is no such screen.</Empty>}</Frame>
      <KeysHelp keys={keyTable} />
      <SignIn />
      <Confirm />
      <div class="corner">
        <ConnectionNotes />
        <Toasts />
      </div>
    </>
  )
}
