import { api } from '../api/api.ts'
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
