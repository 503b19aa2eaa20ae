/** What can be made to go wrong. `match` limits it to requests of one path or model, `count` to so many of them. */
export interface Fault {
  /**
   * - `refuse`: nobody listens (ECONNREFUSED) and open connections are cut, until lifted or for `forMs`
   * - `reset`: the connection is cut before an answer
   * - `hang`: no answer, not even headers
   * - `status`: `status` with `error` as Ollama's error object, or with `body` as it is
   * - `die`: the connection is cut after `afterChunks` pieces, as when the server is killed
   * - `kill-runner`: the model process dies after `afterChunks` pieces; it has to be loaded again
   * - `bad-line`: a broken line between the pieces, after `afterChunks` of them
   * - `no-done`: the stream ends cleanly without its `done:true` line, after `afterChunks` pieces or all of them
   * - `stall`: nothing more after `afterChunks` pieces, connection open
   * - `slow`: `delayMs` before every piece
   */
  kind:
    | 'refuse'
    | 'reset'
    | 'hang'
    | 'status'
    | 'die'
    | 'kill-runner'
    | 'bad-line'
    | 'no-done'
    | 'stall'
    | 'slow'
  /** The path that it applies to, without a query. Default: every path. */
  path?: string
  /** The model that it applies to, as the request names it. Default: every model. */
  model?: string
  /** How many requests it applies to. Default: all until it is lifted. */
  count?: number
  /** Pieces (tokens with text) before it strikes. Default: 1; 0 is before the headers. */
  afterChunks?: number
  /** For `status`. Default: 500. */
  status?: number
  /** For `status`: the message of an Ollama error object. */
  error?: string
  /** For `status`: any other body. Default: a proxy's HTML page. */
  body?: string
  /** For `status` with `body`. Default: text/html. */
  contentType?: string
  /** For `status`: further headers, such as Retry-After. */
  headers?: Record<string, string>
  /** For `slow`, in milliseconds. Default: 100. */
  delayMs?: number
  /** For `refuse`, in milliseconds. Default: until lifted. */
  forMs?: number
}

export const FAULT_KINDS: readonly Fault['kind'][] = [
  'refuse',
  'reset',
  'hang',
  'status',
  'die',
  'kill-runner',
  'bad-line',
  'no-done',
  'stall',
  'slow',
]

export interface ActiveFault extends Fault {
  id: number
}

/** The faults that are on, in the order in which they were put on. */
export class Faults {
  #active: ActiveFault[] = []
  #lastId = 0

  list(): readonly ActiveFault[] {
    return this.#active
  }

  add(fault: Fault): ActiveFault {
    const active = { ...fault, id: ++this.#lastId }
    this.#active.push(active)
    return active
  }

  /** Lifts one, or all. */
  lift(id?: number): void {
    this.#active = id === undefined ? [] : this.#active.filter(fault => fault.id !== id)
  }

  /** The first fault that applies to a request; it counts as used. */
  take(path: string, model: string | undefined): Fault | undefined {
    const fault = this.#active.find(
      ({ kind, path: onPath, model: onModel }) =>
        kind !== 'refuse' && (onPath ?? path) === path && (onModel === undefined || onModel === model),
    )
    if (fault?.count !== undefined && --fault.count <= 0) this.lift(fault.id)
    return fault && { ...fault }
  }
}

export const PROXY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n'
