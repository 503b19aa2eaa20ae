import { Router } from 'express'
import { viewersRead } from '../access/viewers-read.ts'
import { refuseOthers, refuseUndecodable } from '../http/no-route.ts'
import { onlyFor } from '../http/only-for.ts'
import { batchResults, type BatchContext, cancelBatch, listBatches, readBatch } from './batches.ts'
import { type CancelContext, cancelJob, retryJob } from './cancel-retry.ts'
import { changeJob } from './change.ts'
import { deliveryRoutes } from './deliveries.ts'
import { followJob, listJobs, type ReadContext, readJob, streamJob } from './read.ts'
import { readRequest } from './stored-body.ts'
import { submitBatch, type SubmitContext, submitJob } from './submit.ts'

/** The routes of background jobs. */
export const jobRoutes = (context: SubmitContext & ReadContext & CancelContext & BatchContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  const cancel = cancelJob(context)
  router.use(viewersRead)
  router.route('/jobs').get(listJobs(context)).post(submitJob(context)).all(onlyFor('GET, POST'))
  router.route('/jobs/batch').post(submitBatch(context)).all(onlyFor('POST'))
  router
    .route('/jobs/:id')
    .get(readJob(context))
    .patch(changeJob(context))
    .delete(cancel)
    .all(onlyFor('GET, PATCH, DELETE'))
  router.route('/jobs/:id/cancel').post(cancel).all(onlyFor('POST'))
  router.route('/jobs/:id/retry').post(retryJob(context)).all(onlyFor('POST'))
  router.route('/jobs/:id/events').head(onlyFor('GET')).get(followJob(context)).all(onlyFor('GET'))
  router.route('/jobs/:id/stream').head(onlyFor('GET')).get(streamJob(context)).all(onlyFor('GET'))
  router.route('/jobs/:id/request').head(onlyFor('GET')).get(readRequest(context)).all(onlyFor('GET'))
  router.use(deliveryRoutes(context))
  router.route('/batches').get(listBatches(context)).all(onlyFor('GET'))
  router
    .route('/batches/:id')
    .get(readBatch(context))
    .delete(cancelBatch(context))
    .all(onlyFor('GET, DELETE'))
  router.route('/batches/:id/results').head(onlyFor('GET')).get(batchResults(context)).all(onlyFor('GET'))
  router.use(['/jobs', '/batches'], refuseOthers)
  router.use(refuseUndecodable)
  return router
}
