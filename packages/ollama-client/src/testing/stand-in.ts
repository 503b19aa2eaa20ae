import { buffer } from 'node:stream/consumers'
import { type Recording, recording } from './recording.ts'
import { sendRecorded } from './replay.ts'
import { serve } from './serve.ts'

interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: readonly string[]
  readonly body: string
}

export interface StandIn {
  readonly url: string
  /** The requests that came, in their order. */
  readonly seen: readonly SeenRequest[]
  /** Lets a paced answer send one more chunk. */
  release(): void
}

const LISTING = ['tags', 'version', 'ps-empty', 'show-missing']

/**
 * Starts a target that answers with recordings: with the first one that has the method, path and body of the request,
 * else with the recorded answer of a listing route, else with 404.
 *
 * @param paced each chunk of an answer after the first waits for `release`
 */
export const startStandIn = async (answers: readonly Recording[], paced = false): Promise<StandIn> => {
  const seen: SeenRequest[] = []
  const known = [...answers, ...LISTING.map(name => recording(name, answers[0]?.version))]
  let permits = 0
  let wake: (() => void) | undefined
  const permit = async (): Promise<void> => {
    while (permits === 0) await new Promise<void>(resolve => (wake = resolve))
    permits--
  }
  const release = (): void => {
    permits++
    wake?.()
  }
  const url = await serve((request, response) => {
    void buffer(request).then(async bytes => {
      const { method = '', url: path = '', headers, rawHeaders } = request
      const body = bytes.toString()
      seen.push({ method, path, headers: rawHeaders, body })
      const found = known.find(
        ({ request: recorded }) =>
          recorded.method === method &&
          recorded.path === path &&
          recorded.headers['origin'] === headers.origin &&
          (method === 'GET' || (recorded.body ?? '') === body),
      )
      if (!found) return void response.writeHead(404).end('404 page not found')
      await sendRecorded(found, response, paced && answers.includes(found) ? permit : undefined)
    })
  })
  return { url, seen, release }
}
