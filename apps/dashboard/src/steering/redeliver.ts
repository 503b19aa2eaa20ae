import { api } from '../api/api.ts'
import { counted } from '../format/number.ts'
import { confirm } from '../ui/confirm.tsx'
import { askCounted } from './counted.ts'

/** Asks whether a webhook shall be sent again. */
export const askRedeliver = (job: string, delivery: string, done: () => void): void =>
  confirm({
    title: 'Send the webhook again',
    text: 'It gets a new schedule, and keeps its id: the receiver can tell that it is the same.',
    action: 'Send it',
    run: async () => {
      await api.post(`/jobs/${job}/deliveries/${delivery}/redeliver`)
      done()
      return 'the webhook is due now'
    },
  })

/**
 * Counts the dead webhooks of a filter, asks whether they shall be sent again, and does it.
 *
 * @param which webhooks, in words
 */
export const askRedeliverMany = (filter: object, which: string): void =>
  void askCounted({
    path: '/deliveries/redeliver',
    order: { filter },
    none: `there are no ${which}`,
    question: matched => ({
      title: 'Send webhooks again',
      text: `${counted(matched, 'webhook')}: ${which}. Each gets a new schedule, and keeps its id.`,
      action: 'Send them',
    }),
    orderOf: () => ({ filter }),
  })
