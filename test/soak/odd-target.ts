import {
  bodyOf as recordedBody,
  chunksOf,
  headerOf,
  type Recording,
  recordings,
  serveRaw,
} from '@foreman/ollama-client/testing'
import type { Socket } from 'node:net'
import { bodyOf, type GoodAnswer, headOf, lengthOf, type OddKind, typeOf } from './odd-answer.ts'

export interface OddTarget {
  readonly url: string
  /** How often a run was asked for. */
  generations(run: string): number
  /** The requests whose connections neither side has closed, by their kind or their path. */
  openRequests(): readonly string[]
  /** Answers requests to a path oddly that nobody has marked, such as foreman's own. */
  readonly makeOdd: (
    path: string,
    kind: OddKind,
  ) => { readonly asked: () => number; readonly end: () => void }
}

/** Put into a request, it asks for an odd answer. */
export const markOf = (kind: number, run: string): string => `odd-${kind}-${run}-`

/** The kind and the run that a request, or the stored body of one, asks for. */
export const markIn = (text: string): { kind: number; run: string } | undefined => {
  const [, kind, run] = /odd-(\d+)-(\w+)-/.exec(text) ?? []
  return run === undefined ? undefined : { kind: Number(kind), run }
}

/** An answer to a debugging request does not say where it ends. */
const saysItsEnd = (recorded: Recording): boolean =>
  !['/api/chat', '/api/generate'].includes(recorded.request.path) ||
  recordedBody(recorded).includes('"done":true')

/** By path and whether they are streams. */
const goodAnswers = new Map<string, GoodAnswer>()
for (const recorded of recordings.filter(each => each.response.status === 200 && saysItsEnd(each))) {
  const contentType = headerOf(recorded, 'content-type')
  if (contentType === undefined) continue
  const key = `${recorded.request.path} ${/ndjson|event-stream/.test(contentType)}`
  const pieces = chunksOf(recorded).filter(piece => piece.length > 0)
  if (pieces.length > 0 && !goodAnswers.has(key)) goodAnswers.set(key, { contentType, pieces })
}

/** Whether there are recordings of both a streaming and another answer of a route. */
export const answersAreKnown = (path: string): boolean =>
  [true, false].every(isStream => goodAnswers.has(`${path} ${isStream}`))

const goodAnswerTo = (path: string, body: string): GoodAnswer | undefined => {
  const isAsked = /"stream":\s*true/.test(body)
  return goodAnswers.get(`${path} ${isAsked}`) ?? goodAnswers.get(`${path} false`)
}

const NOT_FOUND = '{"error":"not found"}'

const answerWell = (socket: Socket, good: GoodAnswer | undefined): void => {
  if (!good) {
    const lines = ['Content-Type: application/json', lengthOf(Buffer.from(NOT_FOUND))]
    return void socket.end(headOf(lines, 'HTTP/1.1 404 Not Found') + NOT_FOUND)
  }
  const body = bodyOf(good)
  socket.write(headOf([typeOf(good), lengthOf(body)]))
  socket.end(body)
}

/** Calls back once with the request line and the body, when both are there. */
const onRequest = (socket: Socket, first: string, use: (path: string, text: string) => void): void => {
  let text = first
  const look = () => {
    const headEnd = text.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = text.slice(0, headEnd)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    const isWhole = /^transfer-encoding: *chunked/im.test(head)
      ? text.endsWith('0\r\n\r\n')
      : text.length >= headEnd + 4 + length
    if (!isWhole) return
    socket.off('data', more)
    // What is still to come is of no interest, but its end is.
    socket.resume()
    use(head.split(' ')[1] ?? '', text)
  }
  const more = (bytes: Buffer) => {
    text += bytes.toString('latin1')
    look()
  }
  socket.on('data', more)
  look()
}

/**
 * Starts a target that answers as recorded, or oddly where a request is marked.
 *
 * @param kinds by the number in the mark
 */
export const startOddTarget = async (kinds: readonly OddKind[]): Promise<OddTarget> => {
  const runs = new Map<string, number>()
  const oddPaths = new Map<string, { kind: OddKind; sockets: Socket[] }>()
  const open = new Map<Socket, string>()
  const url = await serveRaw((socket, first) => {
    open.set(socket, first.split('\r\n')[0] ?? '')
    socket.on('close', () => open.delete(socket))
    onRequest(socket, first, (pathAndQuery, text) => {
      const path = pathAndQuery.split('?')[0] ?? ''
      const good = goodAnswerTo(path, text)
      const mark = markIn(text)
      if (mark) open.set(socket, `${path} ${mark.kind}`)
      if (mark) runs.set(mark.run, (runs.get(mark.run) ?? 0) + 1)
      const odd = mark ? undefined : oddPaths.get(path)
      odd?.sockets.push(socket)
      const kind = mark ? kinds[mark.kind] : odd?.kind
      if (kind && good) void kind.answer(socket, good)
      else answerWell(socket, good)
    })
  })
  return {
    url,
    generations: run => runs.get(run) ?? 0,
    openRequests: () => [...open.values()],
    makeOdd: (path, kind) => {
      const odd = { kind, sockets: [] as Socket[] }
      oddPaths.set(path, odd)
      return {
        asked: () => odd.sockets.length,
        end: () => {
          oddPaths.delete(path)
          for (const socket of odd.sockets) socket.destroy()
        },
      }
    },
  }
}
