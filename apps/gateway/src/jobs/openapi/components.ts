import { z } from 'zod'
import * as steering from '../../steering/schemas.ts'
import {
  BatchQuery,
  DeliveryQuery,
  JobAction,
  JobPatch,
  JobQuery,
  Redelivery,
  ResultsQuery,
  Submission,
  Webhook,
} from '../schemas.ts'
import * as answers from './answers.ts'
import { eventData, JobEvent } from './events.ts'
import * as queueAnswers from './queue-answers.ts'
import * as steeringAnswers from './steering-answers.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

const named = {
  Submission,
  Webhook,
  JobPatch,
  JobAction,
  Redelivery,
  JobQuery,
  DeliveryQuery,
  BatchQuery,
  ResultsQuery,
  ...steering,
  ...answers,
  ...queueAnswers,
  ...steeringAnswers,
  JobEvent,
}

const registry = z.registry<{ id: string }>()
for (const [id, schema] of Object.entries({ ...named, ...eventData })) registry.add(schema, { id })

/** As callers see them on the wire: a field that has a default need not be sent, an object of an answer is open. */
const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: id => `#/components/schemas/${id}` })

const {
  JobQuery: jobQuery,
  DeliveryQuery: deliveryQuery,
  BatchQuery: batchQuery,
  ResultsQuery: resultsQuery,
  OperationQuery: operationQuery,
  ...shared
} = Object.fromEntries(
  Object.entries(schemas).map(([id, { $schema: _dialect, $id: _uri, ...schema }]) => [
    id,
    schema as JsonSchema,
  ]),
)

/** Every schema but those of queries, which are there as parameters. */
export const componentSchemas = shared

const propertiesOf = (query: JsonSchema | undefined) =>
  query?.['properties'] as Readonly<Record<string, JsonSchema>>

/** Metadata has parameters of its own (`metadataIs`). */
const { meta: _metadata, ...plainJobQueryProperties } = propertiesOf(jobQuery)
export const jobQueryProperties = plainJobQueryProperties
export const deliveryQueryProperties = propertiesOf(deliveryQuery)
export const batchQueryProperties = propertiesOf(batchQuery)
export const resultsQueryProperties = propertiesOf(resultsQuery)

export const operationQueryProperties = propertiesOf(operationQuery)

export type SchemaName = Exclude<
  keyof typeof named,
  'JobQuery' | 'DeliveryQuery' | 'BatchQuery' | 'ResultsQuery' | 'OperationQuery'
>

export const schemaRef = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` })
