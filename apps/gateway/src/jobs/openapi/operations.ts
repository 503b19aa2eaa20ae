import { type SchemaName, schemaRef } from './components.ts'
import { answer, notTaken, problems, takenBody } from './responses.ts'

const tags = ['operations']

/** A request for something that is done to many. */
export const forMany = (schema: SchemaName) => ({
  tags,
  requestBody: { required: true, content: { 'application/json': { schema: schemaRef(schema) } } },
  responses: {
    200: answer('With `dry_run`: how many the filter matches', 'Matched'),
    202: answer('The operation, which has begun', 'Operation', {
      Location: {
        description: 'The path of the operation',
        required: true,
        schema: { type: 'string', format: 'uri-reference' },
      },
    }),
    ...problems({
      ...takenBody,
      400: '`invalid_request`: the body is not JSON',
      409: '`count_differs`: the filter matches another number than `expect`. `matched` says which',
      415: '`unsupported_media_type`: the body has a `Content-Encoding`',
      422: '`invalid_request`',
      ...notTaken,
    }),
  },
})

export const actOnJobs = {
  operationId: 'actOnJobs',
  summary: 'Cancel, repeat or change the jobs of a filter',
  description:
    'Callers do it to their own jobs, operators to those of all. It goes on in short steps after the answer. When it is sent again, it does what is left.',
  ...forMany('JobAction'),
}

const ofOperation = { 404: '`operation_not_found`' }

export const getOperation = {
  operationId: 'getOperation',
  tags,
  summary: 'Read how far an operation is',
  responses: { 200: answer('The operation', 'Operation'), ...problems(ofOperation) },
}

export const stopOperation = {
  operationId: 'stopOperation',
  tags,
  summary: 'Stop an operation',
  description: 'What is done stays done. An operation that has ended stays as it is.',
  responses: { 200: answer('The operation', 'Operation'), ...problems({ ...ofOperation, ...notTaken }) },
}
