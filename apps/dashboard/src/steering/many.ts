import { priorities } from '@foreman/jobs'
import { counted } from '../format/number.ts'
import type { Question } from '../ui/confirm.tsx'
import { askCounted } from './counted.ts'

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
