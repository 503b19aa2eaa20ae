/** One request as it arrived. */
export interface SeenRequest {
  method: string
  /** Without the query. */
  path: string
  /** As the body names it. */
  model: string | undefined
  /** When it arrived, in milliseconds since the epoch. */
  at: number
}

const KEPT = 10_000

/** What was asked, in order of arrival; of a long run only the end. */
export class RequestLog {
  readonly seen: SeenRequest[] = []
  #inFlight = new Set<SeenRequest>()

  /** Requests that need a model and are not answered yet. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  begin({ inference, ...request }: Omit<SeenRequest, 'at'> & { inference: boolean }): SeenRequest {
    const seen = { ...request, at: Date.now() }
    this.seen.push(seen)
    // Dropped in blocks, so that a long run does not move the whole list at each request.
    if (this.seen.length >= 2 * KEPT) this.seen.splice(0, KEPT)
    if (inference) this.#inFlight.add(seen)
    return seen
  }

  end(seen: SeenRequest): void {
    this.#inFlight.delete(seen)
  }
}
