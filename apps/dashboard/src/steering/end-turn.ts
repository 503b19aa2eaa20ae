import type { QueueSnapshot } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { duration } from '../format/duration.ts'
import { counted } from '../format/number.ts'
import { confirm } from '../ui/confirm.tsx'

/** Asks whether the next model shall have its turn now, and says what that costs. */
export const askEndTurn = ({ targets: [target] }: QueueSnapshot): void => {
  const { turn, next } = target ?? {}
  const left = turn?.jobs_left ?? 0
  const load = next?.load_ms
  const cost = [
    ...(left > 0 ? [`${counted(left, 'job')} of ${turn!.models.join(', ')} stay in the line.`] : []),
    ...(load === undefined ? [] : [`Loading ${next!.models.join(', ')} takes about ${duration(load)}.`]),
    ...(next ? [] : ['No other model has jobs, so nothing changes.']),
  ]
  confirm({
    title: 'End the turn',
    text: `What runs may end, then the next model has its turn. ${cost.join(' ')}`,
    asksReason: true,
    action: 'End the turn',
    run: async ({ reason }) => {
      await api.post('/queue/turn/end', { reason })
      return 'the turn ends'
    },
  })
}
