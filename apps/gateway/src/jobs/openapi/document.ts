import manifest from '../../../package.json' with { type: 'json' }
import { cancelJob, deleteJob, retryJob } from './cancel-retry.ts'
import { componentSchemas } from './components.ts'
import { getDelivery, listDeliveries, redeliver } from './deliveries.ts'
import { generatingPaths } from './generating.ts'
import { deliveryId, jobId } from './parameters.ts'
import { followJob, getJob, listJobs, streamAnswer } from './read.ts'
import { servicePaths } from './service.ts'
import { submitBatch, submitJob } from './submit.ts'

const ofJob = { parameters: [jobId] }
const ofDelivery = { parameters: [jobId, deliveryId] }

/** What foreman's own routes take and answer (OpenAPI 3.1). */
export const openapiDocument = {
  openapi: '3.1.1',
  info: {
    title: 'foreman',
    version: manifest.version,
    summary: 'A queued job endpoint in front of one Ollama server',
    description: [
      'Errors are problem details (RFC 9457) with a `code` for programs.',
      'A method that a path does not have is 405, and `Allow` says which it has.',
      'Objects of answers may get more members.',
    ].join(' '),
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'Where this document comes from' }],
  // The last one: where no token is set, everybody may call.
  security: [{ bearer: [] }, { apiKey: [] }, {}],
  tags: [
    { name: 'jobs', description: 'Work that nobody waits for' },
    { name: 'webhooks', description: 'What became of the messages about a job' },
    { name: 'generating', description: "The target's own routes, through the queue" },
    { name: 'service', description: 'About this server; no token needed' },
  ],
  paths: {
    '/jobs': { get: listJobs, post: submitJob },
    '/jobs/batch': { post: submitBatch },
    '/jobs/{id}': { ...ofJob, get: getJob, delete: deleteJob },
    '/jobs/{id}/cancel': { ...ofJob, post: cancelJob },
    '/jobs/{id}/retry': { ...ofJob, post: retryJob },
    '/jobs/{id}/events': { ...ofJob, get: followJob },
    '/jobs/{id}/stream': { ...ofJob, get: streamAnswer },
    '/jobs/{id}/deliveries': { ...ofJob, get: listDeliveries },
    '/jobs/{id}/deliveries/{delivery}': { ...ofDelivery, get: getDelivery },
    '/jobs/{id}/deliveries/{delivery}/redeliver': { ...ofDelivery, post: redeliver },
    ...generatingPaths,
    ...servicePaths,
  },
  components: {
    schemas: componentSchemas,
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
    },
  },
}
