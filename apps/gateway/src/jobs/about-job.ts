import type { JobRecord } from '@foreman/store'
import type { Request, RequestHandler, Response } from 'express'
import { type Who, whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'

export type OfJob = { readonly id: string }

/** A request about a job that whoever has sent it may know of. */
export interface AboutJob {
  readonly job: JobRecord
  readonly who: Who
  readonly request: Request<OfJob>
  readonly response: Response
}

/** A route below `/jobs/:id`. Without such a job, `handle` is not called. */
export const aboutJob =
  (
    { presenter }: Pick<Context, 'presenter'>,
    handle: (asked: AboutJob) => Promise<void>,
  ): RequestHandler<OfJob> =>
  async (request, response) => {
    const who = whoOf(response)
    const job = await presenter.find(request.params.id, who)
    await handle({ job, who, request, response })
  }
