import { api } from '../api/api.ts'
import { confirm } from '../ui/confirm.tsx'

/** Asks whether the jobs of a model shall stay in the line. */
export const askHoldModel = (model: string): void =>
  confirm({
    title: `Hold ${model}`,
    text: 'Its jobs are taken and wait. What runs may end.',
    asksUntil: true,
    asksReason: true,
    action: 'Hold',
    run: async ({ until, reason }) => {
      await api.post('/queue/holds', { kind: 'model', subject: model, until, reason })
      return `${model} is held`
    },
  })

/** Lets go what is held. */
export const askRelease = (id: string, what: string): void =>
  confirm({
    title: 'Release',
    text: `${what} is no longer held.`,
    action: 'Release',
    run: async () => {
      await api.remove(`/queue/holds/${id}`)
      return `${what} is released`
    },
  })
