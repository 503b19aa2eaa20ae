import { Router } from 'express'
import { openapiDocument } from '../openapi/document.ts'
import { sendJson } from '../send-json.ts'
import { onlyFor } from './only-for.ts'

/** Open to everybody: it says nothing that the source does not. */
export const openapiRoute = (): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  router
    .route('/openapi.json')
    .get((_request, response) => sendJson(response, 200, openapiDocument))
    .all(onlyFor('GET'))
  return router
}
