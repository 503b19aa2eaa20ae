import { type NewJob, newJobId } from '@foreman/store'

/** A job before it is submitted: it has no id yet. */
export type JobDraft = Omit<NewJob, 'id'>

/** Names a job. By that name, a submission that is repeated finds the job that it inserted before. */
export const withId = (job: JobDraft, now: number): NewJob => ({ ...job, id: newJobId(now) })
