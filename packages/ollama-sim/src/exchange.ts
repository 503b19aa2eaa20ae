import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from './clock.ts'
import { PROXY_PAGE, type Fault } from './faults.ts'
import { goJson } from './go/encode.ts'
import { Reply } from './reply.ts'
import type { RequestBody } from './request-body.ts'
import type { Runner } from './scheduler/runner.ts'

/** The caller is gone, or a fault has taken the connection: there is nobody left to answer. */
export class CallerLeft extends Error {
  override readonly name = 'CallerLeft'
}

/** The model process died under a request. */
export class RunnerDied extends Error {
  override readonly name = 'RunnerDied'

  constructor(began: boolean) {
    super(
      began
        ? 'an error was encountered while running the model: unexpected EOF'
        : 'model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details',
    )
  }
}

/** One request and its answer, with whatever fault has been put on it. */
export class Exchange {
  readonly request: IncomingMessage
  readonly reply: Reply
  readonly body: RequestBody
  readonly clock: Clock
  readonly startedAtMs: number
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
  /** How far it has come; an error is told differently in each, where no piece has been sent yet. */
  stage: 'request' | 'handler' | 'stream' = 'request'
  readonly #fault: Fault | undefined
  #pieces = 0

  constructor(
    parts: { request: IncomingMessage; response: ServerResponse; body: RequestBody; clock: Clock },
    fault: Fault | undefined,
  ) {
    const { request, response, body, clock } = parts
    this.request = request
    this.reply = new Reply(response)
    this.body = body
    this.clock = clock
    this.startedAtMs = clock.now()
    this.#fault = fault
    const leaving = new AbortController()
    this.signal = leaving.signal
    const leave = () => {
      if (!response.writableFinished) leaving.abort(new CallerLeft())
    }
    if (response.destroyed) leave()
    else response.once('close', leave)
  }

  /** Resolves after `ms`; rejects when the caller leaves. */
  async wait(ms: number): Promise<void> {
    const { signal } = this
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        callOff()
        reject(signal.reason as Error)
      }
      const callOff =
        ms === Infinity
          ? () => {}
          : this.clock.after(ms, () => {
              signal.removeEventListener('abort', leave)
              resolve()
            })
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** The faults that strike before anything else happens; true when the request has been dealt with. */
  async struck(): Promise<boolean> {
    const fault = this.#fault
    if (fault?.kind === 'reset') await this.#cut()
    else if (fault?.kind === 'hang') await this.wait(Infinity)
    else if (fault?.kind === 'status') {
      const { status = 500, error, body = PROXY_PAGE, contentType = 'text/html', headers } = fault
      if (error === undefined) this.reply.body(status, contentType, body, headers)
      else this.reply.body(status, 'application/json; charset=utf-8', goJson({ error }), headers)
    } else return false
    return true
  }

  /**
   * Called before every piece of an answer and before its end, streamed or not: where faults strike in mid-stream.
   * `brokenLine` writes one line that no parser takes, where the answer is a stream.
   */
  async beforePiece(runner: Runner, brokenLine: (() => void) | undefined): Promise<void> {
    const said = this.#pieces++
    if (runner.dead) throw new RunnerDied(said > 0)
    const fault = this.#fault
    if (fault === undefined) return
    if (fault.kind === 'slow') await this.wait(fault.delayMs ?? 100)
    const afterChunks = fault.afterChunks ?? (fault.kind === 'no-done' ? Infinity : 1)
    if (said !== afterChunks) return
    if (fault.kind === 'die') await this.#cut()
    if (fault.kind === 'stall') await this.wait(Infinity)
    if (fault.kind === 'no-done' && brokenLine !== undefined) this.#endEarly()
    if (fault.kind === 'bad-line') brokenLine?.()
    if (fault.kind === 'kill-runner') {
      runner.dead = true
      throw new RunnerDied(said > 0)
    }
  }

  /** Called before a stream's last line. */
  beforeDone(): void {
    if (this.#fault?.kind === 'no-done') this.#endEarly()
  }

  async #cut(): Promise<never> {
    const { socket } = this.reply.response
    // What was said before a server died still arrives: the system closes the connection behind it.
    if (this.reply.started) await new Promise(resolve => socket?.write('', resolve))
    socket?.destroy()
    throw new CallerLeft()
  }

  #endEarly(): never {
    this.reply.end()
    throw new CallerLeft()
  }
}
