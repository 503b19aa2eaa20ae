import { operationQueryProperties, type SchemaName, schemaRef } from './components.ts'
import { parametersOf } from './parameters.ts'
import { answer, notTaken, problems, takenBody } from './responses.ts'

const tags = ['queue']

const forOperators = { 403: '`forbidden`: not an operator, or a page of another origin' }
const wrong = { 400: '`invalid_request`: not JSON', 422: '`invalid_request`', ...takenBody }

const stepping = (
  named: { readonly operationId: string; readonly summary: string; readonly description?: string },
  body: SchemaName,
  refusals: Readonly<Record<number, string>> = {},
) => ({
  ...named,
  tags,
  requestBody: {
    required: body === 'HoldRequest',
    content: { 'application/json': { schema: schemaRef(body) } },
  },
  responses: {
    200: answer('The state of the queue then', 'QueueState'),
    ...problems({ ...forOperators, ...wrong, ...refusals, ...notTaken }),
  },
})

const pauseQueue = stepping(
  {
    operationId: 'pauseQueue',
    summary: 'Let nothing start',
    description: 'New jobs are accepted and wait. What runs goes on, unless `release` says otherwise.',
  },
  'PauseRequest',
)

const resumeQueue = stepping({ operationId: 'resumeQueue', summary: 'End a pause' }, 'StepRequest')

const closeQueue = stepping(
  {
    operationId: 'closeQueue',
    summary: 'Accept no jobs',
    description: 'What is queued runs. Several gateways on one file heed it within a second.',
  },
  'CloseRequest',
)

const openQueue = stepping({ operationId: 'openQueue', summary: 'Accept jobs again' }, 'StepRequest')

const endTurn = stepping(
  {
    operationId: 'endTurn',
    summary: 'End the present turn',
    description: 'Another group gets its turn when what runs has ended, if one has jobs.',
  },
  'StepRequest',
)

const addHold = stepping(
  {
    operationId: 'addHold',
    summary: 'Hold a model, a priority or a caller, or let one through',
    description:
      'Jobs of what is held do not start. `open_model` and `open_priority` let start what no window is open for. The same again may change `until` and `reason`.',
  },
  'HoldRequest',
  { 404: '`model_not_found`' },
)

const listHolds = {
  operationId: 'listHolds',
  tags,
  summary: 'What is held',
  description: 'For operators and viewers.',
  responses: { 200: answer('The state of the queue', 'QueueState'), ...problems(forOperators) },
}

const removeHold = {
  operationId: 'removeHold',
  tags,
  summary: 'End a hold',
  description: 'One that has ended already changes nothing.',
  responses: {
    200: answer('The state of the queue then', 'QueueState'),
    ...problems({
      ...forOperators,
      400: '`invalid_request`: the id has a slash, a backslash or only dots',
      404: '`hold_not_found`: that is no id of a hold',
      ...notTaken,
    }),
  },
}

const holdId = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^hold_[0-9a-f]{32}$' },
}

const listOperations = {
  operationId: 'listOperations',
  tags,
  summary: 'Who did what to the queue, the newest first',
  description: 'For operators and viewers.',
  parameters: parametersOf(operationQueryProperties),
  responses: {
    200: answer('A page of operations', 'OperationPage'),
    ...problems({ ...forOperators, 422: '`invalid_request`' }),
  },
}

/** The routes with which operators step in. */
export const steeringPaths = {
  '/queue/pause': { post: pauseQueue },
  '/queue/resume': { post: resumeQueue },
  '/queue/close': { post: closeQueue },
  '/queue/open': { post: openQueue },
  '/queue/turn/end': { post: endTurn },
  '/queue/holds': { get: listHolds, post: addHold },
  '/queue/holds/{id}': { parameters: [holdId], delete: removeHold },
  '/queue/operations': { get: listOperations },
}
