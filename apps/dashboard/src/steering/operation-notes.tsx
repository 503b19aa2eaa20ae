import type { Operation } from '@foreman/jobs'
import { count } from '../format/number.ts'
import { useStore } from '../store/use-store.ts'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Note } from '../ui/note.tsx'
import { dismissOperation, operations, stopOperation } from './operations.ts'

const NAMES: Readonly<Record<string, string>> = {
  cancel: 'Cancelling jobs',
  retry: 'Retrying jobs',
  priority: 'Changing priorities',
  redeliver: 'Sending webhooks again',
}

const ENDS: Readonly<Record<Exclude<Operation['state'], 'running'>, string>> = {
  done: 'done',
  stopped: 'stopped; what was done stays done',
  failed: 'broken off, because its gateway has ended. Begin it again: it does what is left',
}

/** How far it is with what this page does to many. */
export const OperationNotes = () => (
  <>
    {useStore(operations).map(operation => (
      <OperationNote key={operation.id} operation={operation} />
    ))}
  </>
)

const OperationNote = ({ operation }: { readonly operation: Operation }) => {
  const { id, action, state, matched = 0, done = 0, stop_requested: isStopping } = operation
  const numbers = `${count(done)} of ${count(matched)}`
  const actions =
    state === 'running' ? (
      <Button isDisabled={isStopping === true} onClick={() => void stopOperation(id)}>
        {isStopping ? 'Stopping …' : 'Stop'}
      </Button>
    ) : (
      <Button look="quiet" icon="close" label="Dismiss" onClick={() => dismissOperation(id)} />
    )
  return (
    <Note kind={state === 'failed' ? 'warning' : 'news'} actions={actions}>
      {NAMES[action] ?? action}: {numbers}
      {state !== 'running' && `, ${ENDS[state]}`}
      <Bar parts={[{ name: 'done', value: done, look: 'normal' }]} whole={matched} label={numbers} />
    </Note>
  )
}
