import path from 'node:path'

/** Where the page is built: beside this app, in a checkout and in the image alike. */
export const DIST = path.join(import.meta.dirname, '../../../dashboard/dist')

/** A file of the page, and how long a browser may keep it. */
export interface PageFile {
  /** Its path below the folder of the page. */
  readonly name: string
  readonly contentType: string
  readonly cacheControl: string
}

const PAGE: PageFile = {
  name: 'index.html',
  contentType: 'text/html; charset=utf-8',
  cacheControl: 'no-store',
}

/** The name of an asset has a hash of what is in it. */
const FOR_EVER = 'public, max-age=31536000, immutable'
const ASSET = /^\/dashboard\/(assets\/[\w-]+\.(js|css))$/

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/**
 * The file that a path stands for; undefined: none. What the page shows is told by what stands behind the `#`, which no server
 * gets to see.
 *
 * @param pathname decoded and without its query
 */
export const fileAt = (pathname: string): PageFile | undefined => {
  if (pathname === '/dashboard/') return PAGE
  const [, name, kind = ''] = ASSET.exec(pathname) ?? []
  const contentType = CONTENT_TYPES[kind]
  return name === undefined || contentType === undefined
    ? undefined
    : { name, contentType, cacheControl: FOR_EVER }
}
