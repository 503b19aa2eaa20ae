import type { Prospect } from '@foreman/job-view'
import type { Logger } from '@foreman/process/logger'
import type { JobRef } from '@foreman/store'
import type { Forecaster } from '../forecast/forecaster.ts'
import type { CallerResponse } from './caller-response.ts'

/** What it takes to tell a caller how long its job will wait. */
export interface Foretelling {
  readonly forecaster: Pick<Forecaster, 'bySeq'>
  readonly logger: Logger
}

/** Sends a heartbeat. One of a job that waits says how long, where there is a place for that. */
export const beat = async (
  out: CallerResponse,
  job: JobRef,
  options: Foretelling & { readonly isWaiting: () => boolean },
): Promise<void> => {
  const { isWaiting, logger } = options
  const prospect = isWaiting() && out.wantsProspect ? await prospectOf(job, options) : undefined
  try {
    out.keepAlive(isWaiting() ? prospect : undefined)
  } catch (error) {
    logger.error({ err: error, job: job.id }, 'a heartbeat could not be sent')
  }
}

/** @returns undefined when the job no longer waits, or when nothing can be foretold: nobody is worse off than without it */
export const prospectOf = async (
  job: JobRef,
  { forecaster, logger }: Foretelling,
): Promise<Prospect | undefined> => {
  try {
    return await forecaster.bySeq(job.seq)
  } catch (error) {
    logger.debug({ err: error, job: job.id }, 'an estimate could not be made')
    return undefined
  }
}
