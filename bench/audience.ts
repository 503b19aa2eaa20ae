import http from 'node:http'

/** The timeline of *Now* shows so much, and asks for it so often. */
const SPAN_MS = 3_600_000
const LANES_EVERY_MS = 10_000
const ARRIVAL_ORDER_EVERY_MS = 30_000

/** Those who watch the queue. */
export interface Audience {
  readonly what: string
  /** How many connections watch `/queue/events`. */
  readonly streams: number
  /** Whether each of them is an open page, which also asks for the charts of the screen *Now*. */
  readonly arePages: boolean
}

/** Lets them watch, once each stream has its first snapshot. @returns ends it */
export const gather = async (url: string, { streams, arePages }: Audience): Promise<() => void> => {
  const requests = await Promise.all(Array.from({ length: streams }, () => watch(url)))
  const pages = arePages ? requests.map(() => showCharts(url)) : []
  return () => {
    for (const close of pages) close()
    for (const request of requests) request.destroy()
  }
}

const watch = async (url: string): Promise<http.ClientRequest> => {
  const request = http.get(`${url}/queue/events`, { agent: false })
  await new Promise<void>((resolve, reject) => {
    request.on('error', reject)
    request.on('response', response => {
      response.on('error', () => undefined)
      response.on('data', () => resolve())
    })
  })
  return request
}

/** Asks for the charts as often as a page that was opened some time ago. */
const showCharts = (url: string): (() => void) => {
  const agent = new http.Agent({ keepAlive: true })
  const ask = (path: string, everyMs: number, more = '') => {
    // All pages ask for the same span, so that they share the answer.
    const until = Math.ceil(Date.now() / everyMs) * everyMs
    const [from, to] = [until - SPAN_MS, until].map(at => new Date(at).toISOString())
    const request = http.get(`${url}/queue/${path}?from=${from}&until=${to}${more}`, { agent })
    request.on('response', response => response.resume())
    request.on('error', () => undefined)
  }
  const timers = [
    again(LANES_EVERY_MS, () => {
      ask('timeline', LANES_EVERY_MS)
      ask('history', LANES_EVERY_MS, '&step=1m')
    }),
    again(ARRIVAL_ORDER_EVERY_MS, () => ask('arrival-order', LANES_EVERY_MS)),
  ]
  return () => {
    for (const stop of timers) stop()
    agent.destroy()
  }
}

/** Calls it so often, from some moment on: pages are not opened at the same time. @returns stops it */
const again = (everyMs: number, call: () => void): (() => void) => {
  let timer = setTimeout(() => {
    call()
    timer = setInterval(call, everyMs)
  }, Math.random() * everyMs)
  return () => {
    clearTimeout(timer)
    clearInterval(timer)
  }
}
