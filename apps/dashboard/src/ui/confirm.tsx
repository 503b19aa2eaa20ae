import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { messageOf } from '../api/problem.ts'
import { createStore } from '../store/store.ts'
import { useStore } from '../store/use-store.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Note } from './note.tsx'
import { toast } from './toasts.tsx'

const UNTIL = [
  ['', 'somebody ends it'],
  ['15m', 'in 15 minutes'],
  ['1h', 'in 1 hour'],
  ['2h', 'in 2 hours'],
  ['8h', 'in 8 hours'],
  ['other', 'another time …'],
] as const

/** What somebody has filled in. What was not asked, or left open, is missing. */
export interface Answers {
  readonly until?: string
  readonly reason?: string
  /** What was chosen. Always there if there is a choice. */
  readonly choice?: string
  /** The boxes that are ticked. */
  readonly ticked: ReadonlySet<string>
}

export interface Question {
  readonly title: string
  readonly text?: ComponentChildren
  /** Asks when it shall be over by itself. */
  readonly asksUntil?: boolean
  /** What is offered first as the end. Default: that somebody ends it. */
  readonly firstUntil?: (typeof UNTIL)[number][0]
  /** Asks why. It stands among the operations. */
  readonly asksReason?: boolean
  /** Asks which one. */
  readonly choice?: { readonly label: string; readonly options: readonly string[]; readonly first?: string }
  readonly boxes?: readonly { readonly name: string; readonly label: string; readonly hint: string }[]
  /** What the button says that does it. */
  readonly action: string
  /** It takes something away. */
  readonly isGrave?: boolean
  /** Does it. @returns what is said when it is done */
  readonly run: (answers: Answers) => Promise<string>
}

const asked = createStore<Question | undefined>(undefined)

/** Asks before something is done. */
export const confirm = (question: Question): void => asked.set(question)

/** Where questions are shown. */
export const Confirm = () => {
  const question = useStore(asked)
  return question ? <QuestionDialog key={question.title} question={question} /> : null
}

const QuestionDialog = ({ question }: { readonly question: Question }) => {
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set())
  const [until, setUntil] = useState<string>(question.firstUntil ?? '')
  const [time, setTime] = useState('')
  const [reason, setReason] = useState('')
  const [error, setError] = useState<unknown>()
  const [isRunning, setRunning] = useState(false)
  const { title, text, choice, boxes = [], asksUntil, asksReason, action, isGrave, run } = question
  const [chosen, setChosen] = useState(choice?.first ?? choice?.options[0])
  const close = () => asked.set(undefined)
  const answers = (): Answers => {
    const end = until === 'other' ? new Date(time).toISOString() : until
    return {
      ticked,
      ...(end !== '' && { until: end }),
      ...(reason !== '' && { reason }),
      ...(chosen !== undefined && { choice: chosen }),
    }
  }
  const submit = async () => {
    setRunning(true)
    try {
      toast(await run(answers()))
      close()
    } catch (failure) {
      setError(failure)
      setRunning(false)
    }
  }
  const tick = (name: string, isTicked: boolean) =>
    setTicked(last => new Set([...last].filter(each => each !== name).concat(isTicked ? name : [])))
  return (
    <Dialog title={title} onClose={close}>
      <form
        onSubmit={event => {
          event.preventDefault()
          void submit()
        }}
      >
        {text !== undefined && <p>{text}</p>}
        {choice && (
          <label class="field">
            <span>{choice.label}</span>
            <select value={chosen} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
              {choice.options.map(option => (
                <option key={option}>{option}</option>
              ))}
            </select>
          </label>
        )}
        {asksUntil && (
          <label class="field">
            <span>Until</span>
            <select value={until} onChange={({ currentTarget }) => setUntil(currentTarget.value)}>
              {UNTIL.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        )}
        {until === 'other' && (
          <label class="field">
            <span>Time</span>
            <input
              type="datetime-local"
              required
              value={time}
              onInput={({ currentTarget }) => setTime(currentTarget.value)}
            />
          </label>
        )}
        {asksReason && (
          <label class="field">
            <span>Reason</span>
            <input
              type="text"
              maxLength={500}
              placeholder="optional; others read it"
              value={reason}
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
          </label>
        )}
        {boxes.map(({ name, label, hint }) => (
          <label key={name} class="box">
            <input
              type="checkbox"
              checked={ticked.has(name)}
              onChange={({ currentTarget }) => tick(name, currentTarget.checked)}
            />
            <span>
              {label}
              <small>{hint}</small>
            </span>
          </label>
        ))}
        {error !== undefined && <Note kind="wrong">{messageOf(error)}</Note>}
        <footer>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" look={isGrave ? 'grave' : 'main'} isDisabled={isRunning}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
