import manifest from '../../../package.json' with { type: 'json' }
import { cancelBatch, getBatch, listBatches, readResults } from './batches.ts'
import { cancelJob, deleteJob, retryJob } from './cancel-retry.ts'
import { changeJob } from './change.ts'
import { componentSchemas } from './components.ts'
import {
  getDelivery,
  listAllDeliveries,
  listDeliveries,
  listReceivers,
  redeliver,
  redeliverMany,
} from './deliveries.ts'
import { generatingPaths } from './generating.ts'
import { openAiBatchPaths } from './openai-batches.ts'
import { actOnJobs, getOperation, stopOperation } from './operations.ts'
import { batchId, deliveryId, jobId, operationId } from './parameters.ts'
import { queuePaths } from './queue.ts'
import { followJob, getJob, listJobs, readRequest, streamAnswer } from './read.ts'
import { servicePaths } from './service.ts'
import { steeringPaths } from './steering.ts'
import { submitBatch, submitJob } from './submit.ts'

const ofJob = { parameters: [jobId] }
const ofBatch = { parameters: [batchId] }
const ofDelivery = { parameters: [jobId, deliveryId] }

/** The requests and answers of foreman's own routes (OpenAPI 3.1). */
export const openapiDocument = {
  openapi: '3.1.1',
  info: {
    title: 'foreman',
    version: manifest.version,
    summary: 'A queued job endpoint in front of one Ollama server',
    description: [
      'Errors are problem details (RFC 9457) with a `code` for programs.',
      'A path answers 405 to a method that it does not have, and `Allow` names those that it has.',
      'Objects in answers may get more members later.',
      'A caller sees its own jobs. The token of an operator shows those of all callers, that of a viewer shows them without content, and only for reading.',
    ].join(' '),
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'The server that this document comes from' }],
  // The empty one stands for a foreman without tokens, where everybody may call.
  security: [{ bearer: [] }, { apiKey: [] }, { password: [] }, {}],
  tags: [
    { name: 'jobs', description: 'Background jobs: submit, read, follow, cancel, retry' },
    { name: 'batches', description: 'Jobs that were submitted together' },
    { name: 'webhooks', description: 'The webhooks of a job' },
    { name: 'openai', description: "OpenAI's batches, and the files that they are made of" },
    { name: 'queue', description: 'The queue as a whole, for those who run it' },
    { name: 'operations', description: 'What is done to many jobs, and takes a while' },
    { name: 'generating', description: "The target's own routes, through the queue" },
    { name: 'service', description: 'About this server. These routes need no token' },
  ],
  paths: {
    '/jobs': { get: listJobs, post: submitJob },
    '/jobs/batch': { post: submitBatch },
    '/jobs/actions': { post: actOnJobs },
    '/jobs/{id}': { ...ofJob, get: getJob, patch: changeJob, delete: deleteJob },
    '/jobs/{id}/cancel': { ...ofJob, post: cancelJob },
    '/jobs/{id}/retry': { ...ofJob, post: retryJob },
    '/jobs/{id}/events': { ...ofJob, get: followJob },
    '/jobs/{id}/stream': { ...ofJob, get: streamAnswer },
    '/jobs/{id}/request': { ...ofJob, get: readRequest },
    '/jobs/{id}/deliveries': { ...ofJob, get: listDeliveries },
    '/jobs/{id}/deliveries/{delivery}': { ...ofDelivery, get: getDelivery },
    '/jobs/{id}/deliveries/{delivery}/redeliver': { ...ofDelivery, post: redeliver },
    '/batches': { get: listBatches },
    '/batches/{batch}': { ...ofBatch, get: getBatch, delete: cancelBatch },
    '/batches/{batch}/results': { ...ofBatch, get: readResults },
    ...openAiBatchPaths,
    ...queuePaths,
    '/deliveries': { get: listAllDeliveries },
    '/deliveries/receivers': { get: listReceivers },
    '/deliveries/redeliver': { post: redeliverMany },
    '/queue/operations/{operation}': {
      parameters: [operationId],
      get: getOperation,
      delete: stopOperation,
    },
    ...steeringPaths,
    ...generatingPaths,
    ...servicePaths,
  },
  components: {
    schemas: componentSchemas,
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      password: {
        type: 'http',
        scheme: 'basic',
        description: 'The token is the password, with any user name',
      },
    },
  },
}
