import type { EndState, JobEventData } from '@foreman/jobs'
import { z } from 'zod'
import { JobProspect, Time } from './answers.ts'

/** The events of `/jobs/{id}/events`. */

const attempt = z.int().min(0)

const ended = (state: EndState) =>
  z.object({
    state: z.literal(state),
    attempt,
    code: z.string().exactOptional().meta({ description: 'Why the job ended so' }),
    at: Time,
  })

const data = {
  queued: z.object({
    state: z.literal('queued'),
    at: Time,
    arrived_at: Time.exactOptional().meta({
      description: 'When the request arrived that this one repeats, and whose place in line it has',
    }),
  }),
  estimate: JobProspect.meta({
    description:
      'When the queued job is likely to start. It is sent when that changes by a fifth, and at most every 5 s. It is not kept, and has the id of the event before it',
  }),
  started: z.object({
    state: z.literal('running'),
    attempt,
    at: Time,
    reason: z.string().meta({ description: "Why the worker chose this job's group" }),
  }),
  reset: z.object({ attempt }).meta({ description: 'A new attempt begins. Earlier output is void' }),
  head: z.object({ attempt, status: z.int() }).meta({ description: "The status of the target's answer" }),
  output: z
    .union([
      z.object({ attempt, text: z.string() }),
      z.object({ attempt, base64: z.string().meta({ contentEncoding: 'base64' }) }),
    ])
    .meta({ description: 'The next bytes of the answer' }),
  progress: z.object({ attempt, tokens: z.int().min(0), at: Time }),
  retrying: z.object({
    state: z.literal('queued'),
    attempt,
    code: z.string().meta({ description: 'Why the attempt ended' }),
    next_attempt_at: Time.exactOptional(),
    at: Time,
  }),
  lost: z.object({ attempt, at: Time }).meta({ description: 'The worker died while it ran the job' }),
  cancel_requested: z.object({ at: Time }),
  succeeded: ended('succeeded'),
  failed: ended('failed'),
  cancelled: ended('cancelled'),
} satisfies Record<keyof JobEventData, z.ZodType>

const idOf = (event: string) => `JobEvent.${event}`

/** The schema of each event's data, by the name of its component. */
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
