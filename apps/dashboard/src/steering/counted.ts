import type { Operation } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { messageOf } from '../api/problem.ts'
import { confirm, type Question } from '../ui/confirm.tsx'
import { toast } from '../ui/toasts.tsx'
import { watchOperation } from './operations.ts'

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
export const askCounted = async ({ path, order, none, question, orderOf }: Counted): Promise<void> => {
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
