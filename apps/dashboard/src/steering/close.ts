import { api } from '../api/api.ts'
import { confirm } from '../ui/confirm.tsx'

/** Asks whether new jobs shall be refused. */
export const askClose = (): void =>
  confirm({
    title: 'Close the queue',
    text: 'New jobs are refused with 503 and told to come again. What waits and what runs goes on, so the queue runs dry.',
    asksUntil: true,
    asksReason: true,
    action: 'Close the queue',
    isGrave: true,
    run: async ({ until, reason }) => {
      await api.post('/queue/close', { until, reason })
      return 'closed'
    },
  })

/** Asks whether new jobs shall be taken again. */
export const askOpen = (): void =>
  confirm({
    title: 'Open the queue',
    text: 'New jobs are taken again.',
    asksReason: true,
    action: 'Open the queue',
    run: async ({ reason }) => {
      await api.post('/queue/open', { reason })
      return 'opened'
    },
  })
