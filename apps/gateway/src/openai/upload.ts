import { FormError, formPiecesOf } from '@foreman/ollama-client'
import { type FileRow, newFileId, type Store } from '@foreman/store'
import type { Response } from 'express'
import type { IncomingMessage } from 'node:http'
import { whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { HalfSentError } from '../http/read-body.ts'
import { Refusal } from '../http/refusal.ts'
import { whenAvailable } from '../http/when-available.ts'
import { whenWritable } from '../intake/when-writable.ts'

const PART_BYTES = 256 * 1024
const MAX_FIELD_BYTES = 1_024
const MAX_NAME_CHARACTERS = 512
/** A caller that sends nothing for this long has gone. */
const SILENCE_MS = 60_000

export type UploadContext = Pick<Context, 'store' | 'intake' | 'maxBatchBytes' | 'now'>

/**
 * Receives a file, and writes it part by part while it comes. Nobody finds it before it is whole; of one that breaks off nothing
 * stays.
 *
 * @throws Refusal
 * @throws HalfSentError when the caller disconnects before that
 */
export const receiveFile = async (
  request: IncomingMessage,
  response: Response,
  context: UploadContext,
): Promise<FileRow> => {
  const { maxBatchBytes } = context
  if (Number(request.headers['content-length'] ?? 0) > maxBatchBytes + PART_BYTES)
    throw tooLarge(maxBatchBytes)
  const upload = new Upload(whoOf(response).caller, context)
  try {
    const fields = await receiveForm(request, upload)
    ensurePurpose(fields.get('purpose'))
    return await upload.complete()
  } catch (error) {
    await upload.forget()
    throw error instanceof FormError ? new Refusal(400, error.message, { cause: error }) : error
  }
}

/** @returns the fields of the form that are no file */
const receiveForm = async (request: IncomingMessage, upload: Upload): Promise<Map<string, string>> => {
  const fields = new Map<string, string>()
  let field: string | undefined
  for await (const piece of formPiecesOf(request.headers['content-type'] ?? '', bytesOf(request))) {
    if (piece.kind === 'part') {
      field = piece.name === 'file' ? undefined : piece.name
      if (field === undefined) await upload.begin(piece.filename ?? 'file')
      else fields.set(field, '')
    } else if (field === undefined) await upload.add(piece.bytes)
    else {
      const value = fields.get(field)! + piece.bytes.toString('latin1')
      if (value.length > MAX_FIELD_BYTES) throw new Refusal(400, `${field} is too long`)
      fields.set(field, value)
      // What cannot be used is not received to its end.
      if (field === 'purpose' && !'batch'.startsWith(value)) ensurePurpose(value)
    }
  }
  return fields
}

/** @throws Refusal with 400 */
const ensurePurpose = (purpose: string | undefined): void => {
  if (purpose !== 'batch') throw new Refusal(400, "purpose must be 'batch': files are for batches only here")
}

/** The bytes of a request. @throws HalfSentError when it breaks off, or nothing comes for too long */
const bytesOf = async function* (request: IncomingMessage): AsyncGenerator<Buffer, void> {
  const silent = () => request.destroy(new HalfSentError('nothing came for too long'))
  let timer = setTimeout(silent, SILENCE_MS)
  try {
    // A refusal in the middle is still to be answered.
    for await (const bytes of request.iterator({ destroyOnReturn: false })) {
      clearTimeout(timer)
      yield bytes as Buffer
      timer = setTimeout(silent, SILENCE_MS)
    }
  } catch (error) {
    throw request.complete ? error : new HalfSentError('the request broke off', { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

const tooLarge = (maxBytes: number): Refusal =>
  new Refusal(413, `the file is larger than ${maxBytes} bytes (FOREMAN_MAX_BATCH)`)

/** Writes a file that comes piece by piece. */
class Upload {
  readonly #caller: string
  readonly #context: UploadContext
  readonly #id: string
  #seq: number | undefined
  #gathered: Buffer[] = []
  #gatheredBytes = 0
  #bytes = 0
  #parts = 0

  constructor(caller: string, context: UploadContext) {
    this.#caller = caller
    this.#context = context
    this.#id = newFileId(context.now())
  }

  async begin(name: string): Promise<void> {
    if (this.#seq !== undefined) throw new Refusal(400, 'the form has more than one file')
    const { intake, now } = this.#context
    intake.ensureRoom()
    const file = {
      id: this.#id,
      caller: this.#caller,
      name: name.slice(0, MAX_NAME_CHARACTERS),
      purpose: 'batch',
    }
    const at = now()
    this.#seq = await whenWritable(() => this.#files.begin(file, at))
  }

  async add(bytes: Buffer): Promise<void> {
    const { maxBatchBytes } = this.#context
    this.#bytes += bytes.byteLength
    if (this.#bytes > maxBatchBytes) throw tooLarge(maxBatchBytes)
    this.#gathered.push(bytes)
    this.#gatheredBytes += bytes.byteLength
    if (this.#gatheredBytes >= PART_BYTES) await this.#write()
  }

  async complete(): Promise<FileRow> {
    const seq = this.#seq
    if (seq === undefined) throw new Refusal(400, 'file is missing')
    await this.#write()
    const whole = { parts: this.#parts, bytes: this.#bytes }
    const at = this.#context.now()
    await whenWritable(() => this.#files.complete({ seq }, whole, at))
    const file = await whenAvailable(() => this.#files.byId(this.#id))
    if (!file) throw new Error(`file ${this.#id} is not there`)
    return file
  }

  /** If this fails, the worker's cleaner removes what there is. */
  async forget(): Promise<void> {
    const seq = this.#seq
    if (seq !== undefined) await whenWritable(() => this.#files.remove({ seq })).catch(() => undefined)
  }

  get #files(): Store['files'] {
    return this.#context.store.files
  }

  async #write(): Promise<void> {
    const seq = this.#seq!
    if (this.#gatheredBytes === 0) return
    this.#context.intake.ensureRoom()
    const bytes = Buffer.concat(this.#gathered)
    this.#gathered = []
    this.#gatheredBytes = 0
    const n = this.#parts++
    await whenWritable(() => this.#files.addPart({ seq }, n, bytes))
  }
}
