import { answer, location, notTaken, ofJob, problems } from './responses.ts'

const tags = ['jobs']

const cancelled = {
  tags,
  summary: 'Call a job off',
  description: 'In every state, as often as you like. The job stays until its time is up.',
  responses: {
    200: answer('The job. While it runs, `cancel_requested` says that it is about to end', 'Job'),
    ...problems({ ...ofJob, ...notTaken }),
  },
}

export const cancelJob = { operationId: 'cancelJob', ...cancelled }

export const deleteJob = { operationId: 'deleteJob', ...cancelled }

export const retryJob = {
  operationId: 'retryJob',
  tags,
  summary: 'Repeat a job that has ended',
  description: 'The same request again, as a new job that names the old one in `retry_of`.',
  responses: {
    202: answer('The new job', 'Job', { Location: location }),
    ...problems({
      ...ofJob,
      409: '`not_ended`',
      410: '`job_expired`: its time was up, or its request is no longer kept',
      ...notTaken,
    }),
  },
}
