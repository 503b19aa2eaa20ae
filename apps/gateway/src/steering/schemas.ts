import { subjectKinds } from '@foreman/jobs'
import { z } from 'zod'
import { reason } from '../http/fields.ts'

/** The requests of the routes with which operators step in. /openapi.json is made from these schemas. */

const MAX_SUBJECT_CHARACTERS = 512
const MAX_PAGE_OPERATIONS = 500

const until = z
  .string()
  .max(64)
  .optional()
  .meta({
    description: 'When it is over by itself: a time of RFC 3339, or a duration such as `2h`. Default: never',
    examples: ['2h', '2030-01-31T12:00:00Z'],
  })

export const StepRequest = z.strictObject({ reason })

export const CloseRequest = z.strictObject({ until, reason })

export const PauseRequest = z.strictObject({
  until,
  release: z.boolean().default(false).meta({
    description: 'Put back what runs, without an attempt, but no stream whose caller has bytes of it',
  }),
  unload: z
    .boolean()
    .default(false)
    .meta({ description: "Have the models leave the target's memory as soon as nothing runs" }),
  reason,
})

export const HoldRequest = z.strictObject({
  kind: z.enum(subjectKinds),
  subject: z
    .string()
    .min(1)
    .max(MAX_SUBJECT_CHARACTERS)
    .meta({ description: 'The name of the model, the priority, or the name of the caller' }),
  until,
  reason,
})

export const OperationQuery = z.strictObject({
  before: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Operations before the one with this id' }),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_OPERATIONS).default(50),
})
