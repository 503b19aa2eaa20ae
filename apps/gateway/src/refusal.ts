/** An answer that foreman gives itself. Its message is for the caller. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** For what passes: the caller may come again. */
export const comeAgain = (status: 503 | 502, message: string, afterSeconds: number): Refusal =>
  new Refusal(status, message, { 'Retry-After': String(afterSeconds) })
