import { queryProperties, schemaRef } from './components.ts'
import { lastEventId, preferWait } from './parameters.ts'
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
  summary: 'The jobs, newest first',
  description: 'A page of them. Where there are several callers, your own only.',
  parameters: Object.entries(queryProperties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
  })),
  responses: {
    200: answer('A page', 'JobPage'),
    ...problems({ 422: '`invalid_request`: a parameter is not valid, or there is none of this name' }),
  },
}

export const getJob = {
  operationId: 'getJob',
  tags,
  summary: 'One job, with its result',
  description: 'As it is now, or as it is once it has ended, if that is not too long to wait for.',
  parameters: [preferWait],
  responses: {
    200: answer('The job', 'Job', { 'Preference-Applied': preferenceApplied }),
    ...problems(ofJob),
  },
}

export const followJob = {
  operationId: 'followJob',
  tags,
  summary: 'What happens to a job, as an event stream',
  description: 'Everything that has happened, and then what happens, up to the end of the job.',
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
    204: { description: 'The job has ended, and you have had its last event' },
    ...problems({ ...ofJob, 400: '`invalid_request`: not the id of an event' }),
  },
}

export const streamAnswer = {
  operationId: 'streamAnswer',
  tags,
  summary: "The target's answer to a job as it came",
  description:
    'Status, headers and bytes, from the beginning and live. When it breaks off, so does the connection.',
  responses: {
    200: targetsAnswer(),
    ...orTargets(
      problems({ ...ofJob, 409: '`no_answer`: the job ended without one, or its bytes are no longer kept' }),
    ),
    ...targetsErrors,
  },
}
