import type { ServerResponse } from 'node:http'
import type { Context } from '../context.ts'
import type { JobDraft } from '../intake/intake.ts'

export type SubmitContext = Pick<Context, 'intake' | 'viewer'>

/**
 * Submits a background job, and answers with the job.
 *
 * @throws Refusal
 */
export const submit = async (
  draft: JobDraft,
  response: ServerResponse,
  { intake, viewer }: SubmitContext,
): Promise<void> => {
  const isKnown = await intake.isKnown(draft.caller, draft.idempotency)
  const submitted = await intake.submit(draft, { isKnown })
  response.setHeader('Preference-Applied', 'respond-async')
  await viewer.accepted(submitted, response)
}
