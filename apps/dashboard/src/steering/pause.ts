import type { QueueSnapshot, QueueState } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { counted } from '../format/number.ts'
import { confirm } from '../ui/confirm.tsx'

/** Asks whether the queue shall be paused; or, if it is, whether it shall go on. */
export const askPauseOrResume = (snapshot: QueueSnapshot | undefined): void => {
  if (snapshot?.holds.some(({ kind }) => kind === 'pause')) askResume()
  else askPause()
}

const askPause = (): void =>
  confirm({
    title: 'Pause',
    text: 'New jobs are taken and wait. What runs may end, unless you put it back.',
    asksUntil: true,
    asksReason: true,
    boxes: [
      {
        name: 'release',
        label: 'Put back what runs',
        hint: 'It begins anew later, without losing an attempt. Streams that have begun are left alone.',
      },
      {
        name: 'unload',
        label: 'Free the memory of the target',
        hint: 'The models are unloaded as soon as nothing runs.',
      },
    ],
    action: 'Pause',
    run: async ({ ticked, until, reason }) => {
      const state = await api.post<QueueState>('/queue/pause', {
        until,
        reason,
        release: ticked.has('release'),
        unload: ticked.has('unload'),
      })
      const passing = state.deadlines_passing ?? 0
      return passing === 0
        ? 'paused'
        : `paused; ${counted(passing, 'job misses its deadline', 'jobs miss their deadlines')}`
    },
  })

/** Asks whether jobs shall start again. */
export const askResume = (): void =>
  confirm({
    title: 'Resume',
    text: 'A new turn begins. No model is changed for it.',
    asksReason: true,
    action: 'Resume',
    run: async ({ reason }) => {
      await api.post('/queue/resume', { reason })
      return 'resumed'
    },
  })
