import type { IncomingHttpHeaders } from 'node:http'

/**
 * Whether a page in a browser has sent a request, be it a page of this machine. Desktop applications that are built like
 * pages are none: their origins have other schemes, such as `app://`, which no page can have. A browser leaves `Origin` out
 * when a page fetches an image or follows a link, but says in `Sec-Fetch-Site` that it was a page and not its user.
 */
export const isFromPage = ({ origin = '', 'sec-fetch-site': site = 'none' }: IncomingHttpHeaders): boolean =>
  origin === '' ? site !== 'none' : /^(https?:|null$)/i.test(origin)
