import type { Response } from 'express'
import { whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import type { JobDraft } from '../intake/job-draft.ts'

export type SubmitContext = Pick<Context, 'intake' | 'presenter'>

/** Sends the answer, which may take hours: by then, the body of the request is no longer in memory. */
export type SendAnswer = () => Promise<void>

/**
 * Submits a background job. The answer shows the job.
 *
 * @throws Refusal
 */
export const submit = async (
  draft: JobDraft,
  response: Response,
  { intake, presenter }: SubmitContext,
): Promise<SendAnswer> => {
  const submitted = await intake.submit(draft)
  return () => {
    response.setHeader('Preference-Applied', 'respond-async')
    return presenter.accepted(submitted, whoOf(response), response)
  }
}
