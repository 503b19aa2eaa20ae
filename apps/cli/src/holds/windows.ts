import type { Hold, SystemWindow } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { printTable, type Row } from '../output/columns.ts'
import { holdsOf } from './subject.ts'

/** Shows the hours in which jobs of a class start, whether that is now, and the exceptions. */
export const listWindows = async ({ client, screen, signal }: Session): Promise<void> => {
  const [{ windows }, { holds }] = await Promise.all([
    client.queue.system({ signal }),
    client.queue.state({ signal }),
  ])
  if (screen.isJson) return screen.json({ ...windows, exceptions: exceptionsIn(holds) })
  if (windows) screen.print(`${windows.rule}  (${windows.timezone})`)
  else screen.say('there are no windows: FOREMAN_WINDOWS of the worker is not set')
  const { open = [] } = windows ?? {}
  const rows = [...open, ...withoutWindow(holds, open)].map(each => rowOf(each, holds, screen))
  printTable(rows, screen)
}

/** What has an exception and no window. */
const withoutWindow = (holds: readonly Hold[], windows: readonly SystemWindow[]): SystemWindow[] =>
  exceptionsIn(holds).flatMap(hold => {
    const { subject = '' } = hold
    const kind = hold.kind.endsWith('model') ? 'model' : 'priority'
    const isOfWindow = windows.some(
      window => window.kind === kind && holdsOf([hold], [kind, `open_${kind}`], window.subject).length > 0,
    )
    return isOfWindow ? [] : [{ kind, subject, is_open: true }]
  })

const exceptionsIn = (holds: readonly Hold[]): Hold[] =>
  holds.filter(({ kind }) => ['open_model', 'open_priority', 'model', 'priority'].includes(kind))

const rowOf = (
  { kind, subject, is_open, changes_at }: SystemWindow,
  holds: readonly Hold[],
  { styled }: Pick<Session['screen'], 'styled'>,
): Row => {
  const [held] = holdsOf(holds, [kind], subject)
  const [opened] = holdsOf(holds, [`open_${kind}`], subject)
  const exception = held ?? opened
  const isOpen = exception ? exception === opened : is_open
  const until = exception ? exception.until : changes_at
  return [
    subject,
    { text: isOpen ? 'open' : 'closed', style: text => styled(isOpen ? 'green' : 'yellow', text) },
    until === undefined ? '' : `until ${until}`,
    exception ? `an exception${exception.reason === undefined ? '' : `: ${exception.reason}`}` : '',
  ]
}
