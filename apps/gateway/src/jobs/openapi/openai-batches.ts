import { generatingEndpoints } from '@foreman/ollama-client'
import { schemaRef } from './components.ts'
import { answer, targetsErrors } from './responses.ts'

const common = { tags: ['openai'] }

const page = [
  {
    name: 'after',
    in: 'query',
    description: 'The id of the last element that you have',
    schema: { type: 'string' },
  },
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, default: 20 } },
]

const endpoints = generatingEndpoints
  .filter(({ dialect, request }) => dialect.name === 'openai' && request === 'json')
  .map(({ path }) => path)

/** OpenAI's own description has the details. */
export const openAiBatchPaths = {
  '/v1/files': {
    get: {
      ...common,
      operationId: 'listFiles',
      summary: 'List the files that were uploaded',
      parameters: [...page, { name: 'purpose', in: 'query', schema: { type: 'string' } }],
      responses: { 200: answer('A page of files', 'OpenAiFileList'), ...targetsErrors },
    },
    post: {
      ...common,
      operationId: 'uploadFile',
      summary: 'Upload a file for a batch',
      requestBody: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              required: ['purpose', 'file'],
              properties: {
                purpose: { const: 'batch' },
                file: { type: 'string', contentMediaType: 'application/octet-stream' },
              },
            },
          },
        },
      },
      responses: { 200: answer('The file', 'OpenAiFile'), ...targetsErrors },
    },
  },
  '/v1/files/{file}': {
    parameters: [{ name: 'file', in: 'path', required: true, schema: { type: 'string' } }],
    get: {
      ...common,
      operationId: 'getFile',
      summary: 'Read what a file is',
      responses: { 200: answer('The file', 'OpenAiFile'), ...targetsErrors },
    },
    delete: {
      ...common,
      operationId: 'deleteFile',
      summary: 'Delete a file that was uploaded',
      description: 'Batches that were made of it go on.',
      responses: { 200: answer('The file is deleted', 'OpenAiDeleted'), ...targetsErrors },
    },
  },
  '/v1/files/{file}/content': {
    parameters: [{ name: 'file', in: 'path', required: true, schema: { type: 'string' } }],
    get: {
      ...common,
      operationId: 'readFile',
      summary: 'Read a file, or the output or errors of a batch',
      description: 'Output and errors are rendered from the jobs of the batch as they are now.',
      responses: {
        200: { description: 'The file', content: { 'application/octet-stream': {} } },
        ...targetsErrors,
      },
    },
  },
  '/v1/batches': {
    get: {
      ...common,
      operationId: 'listOpenAiBatches',
      summary: 'List the batches that were made of files',
      parameters: page,
      responses: { 200: answer('A page of batches', 'OpenAiBatchList'), ...targetsErrors },
    },
    post: {
      ...common,
      operationId: 'createOpenAiBatch',
      summary: 'Make a batch of a file',
      description: 'Each line becomes a job, and bad lines are in the error file.',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['input_file_id', 'endpoint', 'completion_window'],
              properties: {
                input_file_id: { type: 'string' },
                endpoint: { enum: endpoints },
                completion_window: { type: 'string', examples: ['24h'] },
                metadata: { type: ['object', 'null'], additionalProperties: { type: 'string' } },
              },
            },
          },
        },
      },
      responses: { 200: answer('The batch', 'OpenAiBatch'), ...targetsErrors },
    },
  },
  '/v1/batches/{batch}': {
    parameters: [{ name: 'batch', in: 'path', required: true, schema: schemaRef('BatchId') }],
    get: {
      ...common,
      operationId: 'getOpenAiBatch',
      summary: 'Read how a batch goes, as OpenAI shows it',
      responses: { 200: answer('The batch', 'OpenAiBatch'), ...targetsErrors },
    },
  },
  '/v1/batches/{batch}/cancel': {
    parameters: [{ name: 'batch', in: 'path', required: true, schema: schemaRef('BatchId') }],
    post: {
      ...common,
      operationId: 'cancelOpenAiBatch',
      summary: 'Cancel a batch that was made of a file',
      responses: { 200: answer('The batch', 'OpenAiBatch'), ...targetsErrors },
    },
  },
}
