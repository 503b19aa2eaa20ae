import { z } from 'zod'
import { Time } from './answers.ts'

/** What `/jobs/{id}/events` sends. */

const attempt = z.int().min(0)

const ended = (state: string) =>
  z.object({
    state: z.literal(state),
    attempt,
    code: z.string().exactOptional().meta({ description: 'Why' }),
    at: Time,
  })

const data = {
  queued: z.object({ state: z.literal('queued'), at: Time }),
  started: z.object({
    state: z.literal('running'),
    attempt,
    at: Time,
    reason: z.string().meta({ description: "Why it was this job's turn" }),
  }),
  reset: z.object({ attempt }).meta({ description: 'What was output before is void' }),
  head: z.object({ attempt, status: z.int() }).meta({ description: "Of the target's answer" }),
  output: z
    .union([
      z.object({ attempt, text: z.string() }),
      z.object({ attempt, base64: z.string().meta({ contentEncoding: 'base64' }) }),
    ])
    .meta({ description: 'The next bytes of the answer' }),
  progress: z.object({ attempt, tokens: z.int().min(0) }),
  retrying: z.object({
    state: z.literal('queued'),
    attempt,
    code: z.string().meta({ description: 'Why' }),
    next_attempt_at: Time.exactOptional(),
    at: Time,
  }),
  lost: z.object({ attempt, at: Time }).meta({ description: 'Its worker died' }),
  cancel_requested: z.object({ at: Time }),
  succeeded: ended('succeeded'),
  failed: ended('failed'),
  cancelled: ended('cancelled'),
}

const idOf = (event: string) => `JobEvent.${event}`

/** By name of their component. */
export const eventData: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(data).map(([event, schema]) => [idOf(event), schema]),
)

export const JobEvent = z.union(
  Object.keys(data).map(event =>
    z.object({
      id: z.string().regex(/^[0-9]+$/),
      event: z.literal(event),
      data: z.string().meta({
        contentMediaType: 'application/json',
        contentSchema: { $ref: `#/components/schemas/${idOf(event)}` },
      }),
    }),
  ),
)
