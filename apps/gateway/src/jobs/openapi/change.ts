import { schemaRef } from './components.ts'
import { answer, notTaken, ofJob, problems, takenBody } from './responses.ts'

export const changeJob = {
  operationId: 'changeJob',
  tags: ['jobs'],
  summary: 'Change the priority or the deadline of a queued job',
  description: 'The job keeps its place among those of its new priority.',
  requestBody: {
    description: 'What changes. What it does not name stays',
    required: true,
    content: { 'application/json': { schema: schemaRef('JobPatch') } },
  },
  responses: {
    200: answer('The job', 'Job'),
    ...problems({
      ...takenBody,
      ...ofJob,
      400: `${ofJob[400]}, or the body is not JSON`,
      409: '`not_queued`: the job has started or ended. `state` says which',
      415: '`unsupported_media_type`: the body has a `Content-Encoding`',
      422: '`invalid_request`',
      ...notTaken,
    }),
  },
}
