import type * as shown from '@foreman/jobs'
import { subjectKinds } from '@foreman/jobs'
import { z } from 'zod'
import { Operation, Time } from './answers.ts'

/** The answers of the routes with which operators step in. */

const HoldId = z.string().regex(/^hold_[0-9a-f]{32}$/)

export const Hold = z.object({
  id: HoldId,
  kind: z.enum(['pause', 'close', ...subjectKinds]),
  subject: z.string().exactOptional().meta({ description: 'The model, priority or caller' }),
  since: Time,
  until: Time.exactOptional().meta({ description: 'When it is over by itself' }),
  reason: z.string().exactOptional(),
  by: z.string().exactOptional().meta({ description: 'Who did it. Callers do not see that, nor the reason' }),
  release: z.literal(true).exactOptional().meta({ description: 'The pause puts back what runs' }),
  unload: z
    .literal(true)
    .exactOptional()
    .meta({ description: "The pause has the models leave the target's memory" }),
} satisfies Record<keyof shown.Hold, z.ZodType>)

export const QueueState = z.object({
  state: z.enum(['running', 'paused', 'closed']),
  accepting: z.boolean().meta({ description: 'Whether new jobs are accepted' }),
  holds: z.array(Hold),
  deadlines_passing: z
    .int()
    .min(0)
    .exactOptional()
    .meta({ description: 'How many queued jobs miss their deadlines during the pause that was just begun' }),
} satisfies Record<keyof shown.QueueState, z.ZodType>)

export const OperationPage = z.object({
  operations: z.array(Operation),
  next_before: z
    .int()
    .nullable()
    .meta({ description: 'The `before` of the next page; null on the last page' }),
} satisfies Record<keyof shown.OperationPage, z.ZodType>)
