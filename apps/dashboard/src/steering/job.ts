import { type Job, priorities } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { goTo } from '../router/navigation.ts'
import { confirm } from '../ui/confirm.tsx'

/** Asks whether the request of a job that has ended shall be submitted again, and shows the new job. */
export const askRetryJob = (id: string): void =>
  confirm({
    title: 'Retry the job',
    text: 'Its request is submitted again as a new job of the same caller.',
    action: 'Retry',
    run: async () => {
      const repetition = await api.post<Job>(`/jobs/${id}/retry`)
      goTo({ screen: 'jobs', id: repetition.id })
      return 'this is the new job'
    },
  })

/** Asks which priority a queued job shall have. */
export const askJobPriority = ({ id, priority }: Job): void =>
  confirm({
    title: 'Change the priority',
    text: 'The job takes its place among those of that priority.',
    choice: { label: 'New priority', options: priorities, first: priority },
    asksReason: true,
    action: 'Change it',
    run: async ({ choice, reason }) => {
      await api.change<Job>(`/jobs/${id}`, { priority: choice, reason })
      return `the priority is ${choice}`
    },
  })
