import { Router } from 'express'
import { onlyFor } from '../../http/only-for.ts'
import { sendJson } from '../../http/send-json.ts'
import { openapiDocument } from './document.ts'

/** The route of the document. It needs no token, because the document tells nothing that the source does not. */
export const openapiRoute = (): Router => {
  const router = Router({ caseSensitive: true, strict: true })
  router
    .route('/openapi.json')
    .get((_request, response) => sendJson(response, 200, openapiDocument))
    .all(onlyFor('GET'))
  return router
}
