import type { Request, RequestHandler, Response } from 'express'
import { onlyFor } from '../http/only-for.ts'
import { problem, Refusal } from '../http/refusal.ts'
import { requestPath } from '../http/request-path.ts'
import { DIST, fileAt, type PageFile } from './files.ts'
import { SAFETY } from './safety.ts'

const ENDINGS = { br: '.br', gzip: '.gz', identity: '' } as const

/**
 * Serves the page. Everybody may have it: it is empty until a browser asks the other routes.
 *
 * @param folder where it is built
 */
export const dashboardRoutes =
  (folder = DIST): RequestHandler =>
  (request, response, next) => {
    const { decoded } = requestPath(request)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead) return onlyFor('GET, HEAD')(request, response, next)
    // A relative address, so that it holds behind a proxy that serves foreman below a path.
    if (decoded === '/dashboard') return void response.writeHead(308, { Location: 'dashboard/' }).end()
    const file = fileAt(decoded)
    if (!file) throw noSuchFile()
    const encoding = encodingFor(request)
    const options = { root: folder, ...optionsFor(file, encoding) }
    response.sendFile(file.name + ENDINGS[encoding], options, error => failed(error, file, response, next))
  }

type Encoding = keyof typeof ENDINGS

const ENCODINGS = Object.keys(ENDINGS) as Encoding[]

/** The smallest that the browser can unpack. */
const encodingFor = (request: Request): Encoding =>
  ENCODINGS.find(each => request.acceptsEncodings(each)) ?? 'identity'

const optionsFor = ({ contentType, cacheControl }: PageFile, encoding: Encoding) => ({
  acceptRanges: false,
  cacheControl: false,
  etag: false,
  lastModified: false,
  headers: {
    ...SAFETY,
    'Content-Type': contentType,
    'Cache-Control': cacheControl,
    Vary: 'Accept-Encoding',
    ...(encoding !== 'identity' && { 'Content-Encoding': encoding }),
  },
})

const failed = (
  error: Error | undefined,
  { name }: PageFile,
  response: Response,
  next: (error: unknown) => void,
): void => {
  if (!error) return
  // The headers of the file are not those of the refusal.
  if (!response.headersSent) for (const header of response.getHeaderNames()) response.removeHeader(header)
  next(refusalOf(error, name) ?? error)
}

const refusalOf = ({ status }: Error & { readonly status?: number }, name: string): Refusal | undefined => {
  if (status === 404) return name === 'index.html' ? notBuilt() : noSuchFile()
  return status === 412 ? new Refusal(412, 'the files of the dashboard have no ETag') : undefined
}

const notBuilt = () =>
  problem(503, 'unavailable', 'the dashboard is not built: run `npm run build:dashboard`')
const noSuchFile = () => problem(404, 'not_found', 'the dashboard has no such file')
