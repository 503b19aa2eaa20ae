import { type Hold, priorities } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { type Answers, confirm } from '../ui/confirm.tsx'
import { askOpen } from './close.ts'
import { holdWords } from './hold-words.ts'
import { askResume } from './pause.ts'

const hold = async (kind: Hold['kind'], subject: string, { until, reason }: Answers): Promise<string> => {
  await api.post('/queue/holds', { kind, subject, until, reason })
  return `${subject} ${holdWords[kind]}`
}

/** Asks whether the jobs of a model, a priority or a caller shall stay in the line. */
export const askHold = (kind: 'model' | 'priority' | 'caller', subject: string): void =>
  confirm({
    title: `Hold ${subject}`,
    text: `${kind === 'priority' ? 'Jobs of this priority' : 'Its jobs'} are taken and wait. What runs may end.`,
    asksUntil: true,
    asksReason: true,
    action: 'Hold',
    run: answers => hold(kind, subject, answers),
  })

/** Asks the jobs of which priority shall stay in the line. */
export const askHoldPriority = (): void =>
  confirm({
    title: 'Hold a priority',
    text: 'Jobs of this priority are taken and wait. What runs may end.',
    choice: { label: 'Priority', options: priorities, first: 'low' },
    asksUntil: true,
    asksReason: true,
    action: 'Hold',
    run: answers => hold('priority', answers.choice!, answers),
  })

/** Asks whether jobs shall run although no window is open for them. */
export const askLetRun = (kind: 'open_model' | 'open_priority', subject: string): void =>
  confirm({
    title: `Let ${subject} run`,
    text: 'Until then its jobs start, whatever its windows and its hold say.',
    asksUntil: true,
    firstUntil: '2h',
    asksReason: true,
    action: 'Let it run',
    run: answers => hold(kind, subject, answers),
  })

/** Asks whether what an operator holds back or lets through shall be as usual again. */
export const askRelease = ({ id, kind, subject = '' }: Hold): void => {
  if (kind === 'pause') return askResume()
  if (kind === 'close') return askOpen()
  const isOpening = kind.startsWith('open_')
  confirm({
    title: isOpening ? 'End the exception' : 'Release',
    text: isOpening ? `The windows of ${subject} count again.` : `${subject} is no longer held.`,
    action: isOpening ? 'End it' : 'Release',
    run: async () => {
      await api.remove(`/queue/holds/${id}`)
      return isOpening ? `the windows of ${subject} count again` : `${subject} is released`
    },
  })
}
