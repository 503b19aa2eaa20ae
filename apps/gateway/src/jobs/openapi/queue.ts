import { answer, problems } from './responses.ts'

const common = { tags: ['queue'] }
const notReadable = { 503: '`unavailable`: the queue cannot be read now' }
const forViewers = { 403: '`forbidden`: neither an operator nor a viewer, or a page of another origin' }
const invalid = { 422: '`invalid_request`: a parameter has a wrong value' }

const parameter = (name: string, description: string, schema: object = { type: 'string' }) => ({
  name,
  in: 'query',
  description,
  schema,
})

const time = [
  parameter('from', 'The beginning. Default: before an hour, or a day for `/queue/history`', {
    type: 'string',
    format: 'date-time',
  }),
  parameter('until', 'The end. Default: now', { type: 'string', format: 'date-time' }),
]

const etag = {
  ETag: { description: 'Is the same as long as nothing has happened', schema: { type: 'string' } },
}

/** The routes that show the queue as a whole. */
export const queuePaths = {
  '/queue': {
    get: {
      ...common,
      operationId: 'queue',
      summary: 'What the target does, who waits, since when, why, and how long still',
      description:
        'Made once a second at the most. A caller sees the target, the groups in which it has jobs, itself, and the others as one sum.',
      parameters: [
        parameter('fields', 'The top-level fields that are wanted, separated by commas'),
        {
          name: 'If-None-Match',
          in: 'header',
          description: 'The `ETag` of what is there',
          schema: { type: 'string' },
        },
      ],
      responses: {
        200: answer('The queue', 'QueueSnapshot', etag),
        304: { description: 'Nothing has happened since', headers: etag },
        ...problems({ ...invalid, ...notReadable }),
      },
    },
  },
  '/queue/events': {
    get: {
      ...common,
      operationId: 'watchQueue',
      summary: 'The queue as it changes',
      description:
        'Server-sent events without end: `queue` is a whole snapshot, when something has changed, once a second at the most; `job` is a job that has changed its state (`job`, `state`, `model`, `caller`, `at`); `skipped` says how many more did (`jobs`); `operation` is what an operator did. Whoever comes gets a snapshot, and hears of what happens from then on.',
      responses: {
        200: { description: 'The events', content: { 'text/event-stream': {} } },
        ...problems({}),
      },
    },
  },
  '/metrics': {
    get: {
      ...common,
      operationId: 'metrics',
      summary: 'Counters and gauges for Prometheus, for viewers and operators',
      description:
        'Read once a second at the most. `FOREMAN_METRICS` can open it to everybody, or leave the path to the target. All gateways on one file show the same counters.',
      responses: {
        200: {
          description: 'The text format of Prometheus',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
        ...problems(forViewers),
      },
    },
  },
  '/queue/you': {
    get: {
      ...common,
      operationId: 'you',
      summary: 'Who you are to foreman, and so what you may do',
      responses: { 200: answer('You', 'QueueYou'), ...problems({}) },
    },
  },
  '/queue/system': {
    get: {
      ...common,
      operationId: 'system',
      summary: 'What foreman runs on: processes, settings, windows, file and target',
      responses: {
        200: answer('No secret is in it', 'QueueSystem'),
        ...problems({ ...forViewers, ...notReadable }),
      },
    },
  },
  '/queue/timeline': {
    get: {
      ...common,
      operationId: 'timeline',
      summary: 'Which model had its turn when, and when none could',
      parameters: time,
      responses: {
        200: answer('The turns and the gaps between them, the oldest first', 'Timeline'),
        ...problems({ ...forViewers, ...invalid, ...notReadable }),
      },
    },
  },
  '/queue/arrival-order': {
    get: {
      ...common,
      operationId: 'arrivalOrder',
      summary: 'What the order of arrival would have done with the same jobs',
      description:
        'Simulates a server that serves the jobs that were accepted in a time, and have run, in the order in which they came: with the same runs, and loads as they were measured. Of more than 5,000 jobs, the last ones count.',
      parameters: time,
      responses: {
        200: answer('The turns that there would have been, the oldest first', 'ArrivalOrder'),
        ...problems({ ...forViewers, ...invalid, ...notReadable }),
      },
    },
  },
  '/queue/history': {
    get: {
      ...common,
      operationId: 'history',
      summary: 'What happened, in steps of time',
      parameters: [...time, parameter('step', 'How long a step is, such as `5m`. Default: `1m`')],
      responses: {
        200: answer('The steps in which something happened, the oldest first', 'QueueHistory'),
        ...problems({ ...forViewers, ...invalid, ...notReadable }),
      },
    },
  },
  '/queue/models': {
    get: {
      ...common,
      operationId: 'models',
      summary: 'What is known of each model since foreman counts',
      responses: {
        200: answer('The models', 'QueueModels'),
        ...problems({ ...forViewers, ...notReadable }),
      },
    },
  },
}
