import { answer, location, notTaken, ofJob, problems } from './responses.ts'

const tags = ['jobs']

const cancelled = {
  tags,
  summary: 'Cancel a job',
  description:
    'Cancelling a job that has ended changes nothing. A cancelled job is kept as long as any other.',
  responses: {
    200: answer('The job. If it runs, `cancel_requested` says that it is about to end', 'Job'),
    ...problems({ ...ofJob, ...notTaken }),
  },
}

export const cancelJob = { operationId: 'cancelJob', ...cancelled }

export const deleteJob = { operationId: 'deleteJob', ...cancelled }

export const retryJob = {
  operationId: 'retryJob',
  tags,
  summary: 'Repeat a job that has ended',
  description: 'Submits the same request again, as a new job that names the old job in `retry_of`.',
  responses: {
    202: answer('The new job', 'Job', { Location: location }),
    ...problems({
      ...ofJob,
      409: '`not_ended`',
      410: '`job_expired`: the job has been deleted, or its request is no longer kept',
      ...notTaken,
    }),
  },
}
