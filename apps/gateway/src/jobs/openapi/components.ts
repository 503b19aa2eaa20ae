import { z } from 'zod'
import { DeliveryQuery, JobAction, JobPatch, JobQuery, Redelivery, Submission, Webhook } from '../schemas.ts'
import * as answers from './answers.ts'
import { eventData, JobEvent } from './events.ts'
import * as queueAnswers from './queue-answers.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

const named = {
  Submission,
  Webhook,
  JobPatch,
  JobAction,
  Redelivery,
  JobQuery,
  DeliveryQuery,
  ...answers,
  ...queueAnswers,
  JobEvent,
}

const registry = z.registry<{ id: string }>()
for (const [id, schema] of Object.entries({ ...named, ...eventData })) registry.add(schema, { id })

/** As callers see them on the wire: a field that has a default need not be sent, an object of an answer is open. */
const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: id => `#/components/schemas/${id}` })

const {
  JobQuery: jobQuery,
  DeliveryQuery: deliveryQuery,
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

export const jobQueryProperties = propertiesOf(jobQuery)
export const deliveryQueryProperties = propertiesOf(deliveryQuery)

export type SchemaName = Exclude<keyof typeof named, 'JobQuery' | 'DeliveryQuery'>

export const schemaRef = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` })
