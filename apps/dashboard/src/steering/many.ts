import { type Operation, priorities } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { messageOf } from '../api/problem.ts'
import { counted } from '../format/number.ts'
import { confirm, type Question } from '../ui/confirm.tsx'
import { toast } from '../ui/toasts.tsx'
import { watchOperation } from './operations.ts'

type Action = 'cancel' | 'retry' | 'priority'

const WORDS: Readonly<Record<Action, Pick<Question, 'title' | 'action'> & { readonly text: string }>> = {
  cancel: {
    title: 'Cancel all that match',
    action: 'Cancel them',
    text: 'They end without an answer. Their callers are told so.',
  },
  retry: {
    title: 'Retry all that match',
    action: 'Retry them',
    text: 'Each request is submitted again as a new job of the same caller. Those that were retried once are left out.',
  },
  priority: {
    title: 'Change the priority of all that match',
    action: 'Change it',
    text: 'Only jobs that wait are changed.',
  },
}

/**
 * Counts the jobs of a filter, asks whether that is meant, and does it to exactly as many.
 *
 * @param which jobs, in words
 */
export const askMany = (action: Action, filter: unknown, which: string): void => {
  const { title, action: doIt, text } = WORDS[action]
  void askCounted({
    path: '/jobs/actions',
    order: { action, filter, ...(action === 'priority' && { priority: 'low' }) },
    none: `there are no ${which} to ${action === 'priority' ? 'change' : action}`,
    question: matched => ({
      title,
      text: `${counted(matched, 'job')}: ${which}. ${text}`,
      action: doIt,
      isGrave: action === 'cancel',
      ...(action === 'priority' && {
        choice: { label: 'New priority', options: priorities },
      }),
    }),
    orderOf: choice => ({ action, filter, ...(action === 'priority' && { priority: choice }) }),
  })
}

interface Counted {
  readonly path: string
  /** What is counted first. */
  readonly order: object
  /** What is said when nothing matches. */
  readonly none: string
  readonly question: (matched: number) => Omit<Question, 'run'>
  /** What is ordered then. */
  readonly orderOf: (choice: string | undefined) => object
}

/** Asks before something is done to many, with their number. If that is another one by then, nothing is done. */
const askCounted = async ({ path, order, none, question, orderOf }: Counted): Promise<void> => {
  try {
    const { matched } = await api.post<{ matched: number }>(path, { ...order, dry_run: true })
    if (matched === 0) return toast(none, 'failed')
    confirm({
      ...question(matched),
      asksReason: true,
      run: async ({ reason, choice }) => {
        const operation = await api.post<Operation>(path, { ...orderOf(choice), expect: matched, reason })
        void watchOperation(operation)
        return 'begun'
      },
    })
  } catch (error) {
    toast(messageOf(error), 'failed')
  }
}
