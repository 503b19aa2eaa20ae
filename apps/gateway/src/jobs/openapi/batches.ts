import { batchQueryProperties, resultsQueryProperties, schemaRef } from './components.ts'
import { parametersOf } from './parameters.ts'
import { answer, notTaken, problems } from './responses.ts'

const tags = ['batches']

const ofBatch = {
  400: '`invalid_request`: the id has a slash, a backslash or only dots',
  404: '`batch_not_found`: there is none, or the last of its jobs has been deleted',
}

export const listBatches = {
  operationId: 'listBatches',
  tags,
  summary: 'List batches, the newest first',
  description: 'Each caller sees its own batches, operators and viewers see all.',
  parameters: parametersOf(batchQueryProperties),
  responses: {
    200: answer('A page of batches', 'BatchPage'),
    ...problems({
      404: '`batch_not_found`: the batch that `before` names',
      422: '`invalid_request`: a parameter is not valid or not known',
    }),
  },
}

export const getBatch = {
  operationId: 'getBatch',
  tags,
  summary: 'Read how a batch goes',
  responses: { 200: answer('The batch', 'BatchState'), ...problems(ofBatch) },
}

export const cancelBatch = {
  operationId: 'cancelBatch',
  tags,
  summary: 'Cancel a batch',
  description: 'Cancels those of its jobs that have not ended. It may be repeated.',
  responses: { 200: answer('The batch', 'BatchState'), ...problems({ ...ofBatch, ...notTaken }) },
}

export const readResults = {
  operationId: 'readResults',
  tags,
  summary: 'Read the results of a batch',
  description:
    'Sends the jobs with their results in the order of the submission, each when it has ended, and blank lines while nothing happens. A regular end says that all have come. After a broken connection, `after` goes on. Jobs that are deleted are left out.',
  parameters: parametersOf(resultsQueryProperties),
  responses: {
    200: {
      description: 'The results',
      content: {
        'application/x-ndjson': {
          schema: {
            type: 'string',
            description: 'One result on each line',
            contentMediaType: 'application/json',
            contentSchema: schemaRef('BatchResult'),
          },
        },
      },
    },
    ...problems({ ...ofBatch, 422: '`invalid_request`: a parameter is not valid or not known' }),
  },
}
