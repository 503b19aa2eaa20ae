import { z } from 'zod'

/** Fields that several of foreman's own requests have. */

export const time = z.iso.datetime({
  offset: true,
  error: 'must be a time of RFC 3339, such as 2030-01-31T12:00:00Z',
})

const MAX_REASON_CHARACTERS = 500

export const reason = z
  .string()
  .max(MAX_REASON_CHARACTERS)
  .optional()
  .meta({ description: 'Why, for whoever reads the operations' })
