import { Router } from 'express'
import { viewersRead } from '../access/viewers-read.ts'
import { onlyFor } from '../http/only-for.ts'
import { Refusal } from '../http/refusal.ts'
import { cancelBatch, listBatches, type OpenAiBatchContext, postBatch, readBatch } from './batches.ts'
import { deleteFile, type FilesContext, listFiles, readContent, readFile, uploadFile } from './files.ts'

/** OpenAI's routes for batches, and for the files that batches are made of. The target has none of them. */
export const openAiBatchRoutes = (context: FilesContext & OpenAiBatchContext): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  router.use(viewersRead)
  router.route('/v1/files').get(listFiles(context)).post(uploadFile(context)).all(onlyFor('GET, POST'))
  router.route('/v1/files/:id').get(readFile(context)).delete(deleteFile(context)).all(onlyFor('GET, DELETE'))
  router.route('/v1/files/:id/content').get(readContent(context)).all(onlyFor('GET'))
  router.route('/v1/batches').get(listBatches(context)).post(postBatch(context)).all(onlyFor('GET, POST'))
  router.route('/v1/batches/:id').get(readBatch(context)).all(onlyFor('GET'))
  router.route('/v1/batches/:id/cancel').post(cancelBatch(context)).all(onlyFor('POST'))
  router.use(() => {
    throw new Refusal(404, 'there is no such route')
  })
  return router
}
