import type { BatchRow, FileRow, Store } from '@foreman/store'
import type { RequestHandler } from 'express'
import { ownerListedFor, sightOf, type Who, whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { Refusal } from '../http/refusal.ts'
import { sendJsonParts } from '../http/send-json-parts.ts'
import { sendJson } from '../http/send-json.ts'
import { whenAvailable } from '../http/when-available.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { fileObject, renderedBy, renderedFileObject, type RenderedKind } from './describe.ts'
import { partsOf } from './file-lines.ts'
import { findBatch } from './find-batch.ts'
import { pageOf, sendPage } from './pages.ts'
import { renderedFile } from './render.ts'
import { receiveFile } from './upload.ts'

export type FilesContext = Pick<
  Context,
  'store' | 'intake' | 'presenter' | 'reveal' | 'patience' | 'maxBatchBytes' | 'now'
>

export type OfId = { readonly id: string }

/** `POST /v1/files`. */
export const uploadFile =
  (context: FilesContext): RequestHandler =>
  async (request, response) => {
    const file = await receiveFile(request, response, context)
    sendJson(response, 200, fileObject(file, true))
  }

/** `GET /v1/files`: the files that were uploaded. Rendered ones are named by their batches. */
export const listFiles =
  ({ store, reveal }: FilesContext): RequestHandler =>
  async (request, response) => {
    const who = whoOf(response)
    const { after, limit } = pageOf(request.query)
    const { purpose } = request.query
    const first = after === undefined ? undefined : await findFile(after, who, store)
    const isOther = purpose !== undefined && purpose !== 'batch'
    const filter = { caller: ownerListedFor(who), before: first?.seq, limit: limit + 1 }
    const found = isOther ? [] : await whenAvailable(() => store.files.list(filter))
    const shown = found.slice(0, limit)
    sendPage(response, shown, found.length > limit, file =>
      fileObject(file, isSeen(who, file.caller, reveal)),
    )
  }

/** `GET /v1/files/:id`. */
export const readFile =
  ({ store, reveal }: FilesContext): RequestHandler<OfId> =>
  async (request, response) => {
    const who = whoOf(response)
    const rendered = await findRendered(request.params.id, who, store)
    if (rendered) return sendJson(response, 200, renderedFileObject(rendered.batch, rendered.kind))
    const file = await findFile(request.params.id, who, store)
    sendJson(response, 200, fileObject(file, isSeen(who, file.caller, reveal)))
  }

/** `GET /v1/files/:id/content`. */
export const readContent =
  (context: FilesContext): RequestHandler<OfId> =>
  async (request, response) => {
    const { store, patience } = context
    const { id } = request.params
    const who = whoOf(response)
    const options = {
      status: 200,
      stallMs: patience.stallMs,
      contentType: 'application/octet-stream',
    }
    const rendered = await findRendered(id, who, store)
    if (rendered) {
      ensureSeen(rendered.batch, who, context)
      await sendJsonParts(response, renderedFile(rendered.batch, rendered.kind, context), options)
      return
    }
    const file = await findFile(id, who, store)
    ensureSeen(file, who, context)
    await sendJsonParts(response, partsOf(file, store), options)
  }

/** `DELETE /v1/files/:id`. Batches that were made of the file go on. */
export const deleteFile =
  ({ store }: FilesContext): RequestHandler<OfId> =>
  async (request, response) => {
    const { id } = request.params
    const who = whoOf(response)
    const rendered = await findRendered(id, who, store)
    if (rendered)
      throw new Refusal(
        400,
        `this file is rendered from the jobs of ${rendered.batch.id}, and goes with them`,
      )
    const file = await findFile(id, who, store)
    await whenWritable(() => store.files.remove(file))
    sendJson(response, 200, { id, object: 'file', deleted: true })
  }

/** @throws Refusal with 404 when there is no such file, or when it is another caller's */
export const findFile = async (id: string, who: Who, { files }: Pick<Store, 'files'>): Promise<FileRow> => {
  const file = await whenAvailable(() => files.byId(id))
  if (file && sightOf(who, file.caller, 'off') !== 'nothing') return file
  throw new Refusal(404, `No such File object: ${id}`)
}

/** The batch and the kind of a rendered file. Undefined: it is none. */
const findRendered = async (
  id: string,
  who: Who,
  store: Store,
): Promise<{ readonly batch: BatchRow; readonly kind: RenderedKind } | undefined> => {
  const named = renderedBy(id)
  if (!named) return undefined
  const batch = await findBatch(named.batchId, who, store).catch((error: unknown) => {
    throw error instanceof Refusal && error.status === 404
      ? new Refusal(404, `No such File object: ${id}`)
      : error
  })
  return { batch, kind: named.kind }
}

const isSeen = (who: Who, owner: string, reveal: Context['reveal']): boolean =>
  sightOf(who, owner, reveal) === 'everything'

/** @throws Refusal with 403 */
const ensureSeen = (
  looked: Pick<FileRow, 'id' | 'caller'>,
  who: Who,
  { presenter }: Pick<Context, 'presenter'>,
): void => {
  if (presenter.look(looked, who) !== 'everything')
    throw new Refusal(403, 'you may not see the content of others here')
}
