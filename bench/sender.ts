import http from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

/** What a process of its own sends, so that sending holds up no measurement. */
export interface Costly {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  /** The body is `before`, then `unit` as often as fits into `bytes`, then `after`. */
  readonly body?: {
    readonly before: string
    readonly unit: string
    readonly bytes: number
    readonly after: string
  }
  /** How often it is sent at the same time. Default: 1. */
  readonly copies?: number
  /** Sends all but the last byte, waits so long, and leaves. */
  readonly leaveAfterMs?: number
}

const bodyOf = ({ before, unit, bytes, after }: NonNullable<Costly['body']>): Buffer =>
  Buffer.concat([
    Buffer.from(before),
    Buffer.alloc(Math.floor(bytes / unit.length) * unit.length, unit),
    Buffer.from(after),
  ])

/** @returns the status, or why there was none */
const send = ({ url, method, headers, leaveAfterMs }: Costly, body: Buffer | undefined): Promise<string> =>
  new Promise(resolve => {
    const length = body ? { 'Content-Length': String(body.byteLength) } : {}
    const request = http.request(url, { method, headers: { ...headers, ...length } }, response => {
      response.resume()
      response.on('close', () => resolve(String(response.statusCode)))
    })
    request.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? error.message))
    if (leaveAfterMs === undefined || !body) return void request.end(body)
    request.write(body.subarray(0, -1))
    void delay(leaveAfterMs).then(() => {
      resolve('left')
      request.destroy()
    })
  })

const costly = JSON.parse(await text(process.stdin)) as Costly
const body = costly.body && bodyOf(costly.body)
const statuses = await Promise.all(Array.from({ length: costly.copies ?? 1 }, () => send(costly, body)))
console.log([...new Set(statuses)].toSorted().join(', '))
