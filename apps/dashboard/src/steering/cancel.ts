import type { BatchState } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { counted } from '../format/number.ts'
import { confirm } from '../ui/confirm.tsx'

/** Asks whether a job shall end without an answer. */
export const askCancelJob = (job: string): void =>
  confirm({
    title: 'Cancel the job',
    text: `${job} ends without an answer. Its caller is told so.`,
    action: 'Cancel it',
    isGrave: true,
    run: async () => {
      await api.post(`/jobs/${job}/cancel`)
      return 'the job is cancelled'
    },
  })

/** Asks whether what is left of a batch shall end without an answer. */
export const askCancelBatch = ({ id, counts }: BatchState, done: () => void): void =>
  confirm({
    title: 'Cancel the batch',
    text: `${counted(counts.queued + counts.running, 'job')} that have not ended end without an answer. The others stay as they are.`,
    action: 'Cancel it',
    isGrave: true,
    run: async () => {
      await api.remove(`/batches/${id}`)
      done()
      return 'the batch is cancelled'
    },
  })
