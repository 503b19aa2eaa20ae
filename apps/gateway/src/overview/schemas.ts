import type { QueueSnapshot } from '@foreman/jobs'
import { parseDuration } from '@foreman/process'
import { z } from 'zod'
import { time } from '../http/fields.ts'

/** The fields that a snapshot can have. The compiler asks for every one. */
const fields: Record<keyof QueueSnapshot, true> = {
  at: true,
  version: true,
  state: true,
  accepting: true,
  holds: true,
  health: true,
  queued: true,
  running: true,
  delayed: true,
  oldest_wait_ms: true,
  targets: true,
  groups: true,
  callers: true,
  hour: true,
  ever: true,
  webhooks: true,
  storage: true,
}

export const SNAPSHOT_FIELDS = Object.keys(fields) as (keyof QueueSnapshot)[]

/** A time as RFC 3339 has it, in milliseconds since the epoch. */
export const dateTime = time.transform(text => Date.parse(text))

/** A duration as the settings have it, in milliseconds. */
export const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'must be a duration such as 30s, 5m or 1h30m' })
  return z.NEVER
})
