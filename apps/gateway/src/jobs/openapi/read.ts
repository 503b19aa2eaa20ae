import { jobQueryProperties, schemaRef } from './components.ts'
import { lastEventId, metadataIs, parametersOf, preferWait } from './parameters.ts'
import {
  answer,
  ofJob,
  orTargets,
  preferenceApplied,
  problems,
  targetsAnswer,
  targetsErrors,
} from './responses.ts'

const tags = ['jobs']

export const listJobs = {
  operationId: 'listJobs',
  tags,
  summary: 'List jobs, the newest first',
  description:
    'Answers with a page of jobs. If there are several callers, each sees only its own jobs. Operators and viewers see all.',
  parameters: [...parametersOf(jobQueryProperties), metadataIs],
  responses: {
    200: answer('A page of jobs', 'JobPage'),
    ...problems({ 422: '`invalid_request`: a parameter is not valid or not known' }),
  },
}

export const getJob = {
  operationId: 'getJob',
  tags,
  summary: 'Read one job, with its result',
  description:
    'Answers with the job as it is now. With `Prefer: wait`, waits until the job has ended, or the time is up.',
  parameters: [preferWait],
  responses: {
    200: answer('The job', 'Job', { 'Preference-Applied': preferenceApplied }),
    ...problems(ofJob),
  },
}

export const followJob = {
  operationId: 'followJob',
  tags,
  summary: 'Follow a job by an event stream',
  description:
    'Sends all events that have happened, and then each event as it happens, up to the end of the job. Who may not see content gets no `output`.',
  parameters: lastEventId,
  responses: {
    200: {
      description: 'The events',
      content: {
        'text/event-stream': {
          schema: schemaRef('JobEvent'),
          example: {
            id: '7',
            event: 'queued',
            data: '{"state":"queued","at":"2030-01-31T11:59:58.120Z"}',
          },
        },
      },
    },
    204: { description: 'The job has ended, and there are no events after the one that you named' },
    ...problems({ ...ofJob, 400: `${ofJob[400]}, or the last event id is not the id of an event` }),
  },
}

export const streamAnswer = {
  operationId: 'streamAnswer',
  tags,
  summary: "Read the target's answer as it came",
  description:
    'Sends status, headers and bytes of the answer, from the beginning and live. While the job waits, it sends a status and heartbeats. If the answer breaks off, so does the connection.',
  responses: {
    200: targetsAnswer(),
    ...orTargets(
      problems({
        ...ofJob,
        403: '`forbidden`: you may not see content; or as on every route',
        409: '`no_answer`: the job ended without one, or its bytes are no longer kept',
      }),
    ),
    ...targetsErrors,
  },
}

export const readRequest = {
  operationId: 'readRequest',
  tags,
  summary: 'Read the request body as it was sent',
  description:
    'Sends the bytes of the body with their `Content-Type`, for those who may see content. A type that a browser would show or run is `application/octet-stream`.',
  responses: {
    200: {
      description: 'The body',
      headers: {
        'Content-Length': {
          description: 'The length of the body',
          required: true,
          schema: { type: 'integer', minimum: 0 },
        },
        'Content-Encoding': {
          description: 'If the body was sent compressed',
          schema: { const: 'zstd' },
        },
      },
      content: {
        'application/json': {},
        'application/octet-stream': {},
        'application/x-www-form-urlencoded': {},
        'multipart/form-data': {},
        'text/plain': {},
      },
    },
    ...problems({
      ...ofJob,
      403: '`forbidden`: you may not see content; or as on every route',
      410: '`job_expired`: the job has been deleted, or its request is no longer kept',
    }),
  },
}
