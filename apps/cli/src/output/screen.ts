import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { styleText } from 'node:util'
import { UsageError } from '../failures/usage-error.ts'
import { safeJson, safeText } from './safe-text.ts'

type Style = Parameters<typeof styleText>[0]

const UP = '\u001b[A'
const CLEAR = '\r\u001b[K'

/** Where a command writes: data to stdout, all else to stderr. What others have written goes through `safeText` or `safeLine`. */
export class Screen {
  readonly #process: NodeJS.Process
  /** The last line that was said is there to be replaced. */
  #isInPlace = false
  /** Data is wanted as JSON. */
  readonly isJson: boolean

  /** @param process the global `process` */
  constructor(process: NodeJS.Process, { isJson }: { readonly isJson: boolean }) {
    this.#process = process
    this.isJson = isJson
  }

  /** Writes a line of data. */
  print(line: string): void {
    this.#process.stdout.write(`${line}\n`)
  }

  /** Writes an object of the API as a line of JSON. */
  json(value: unknown): void {
    this.print(safeJson(value))
  }

  /** Writes data as it is. */
  write(data: string | Uint8Array): void {
    this.#process.stdout.write(data)
  }

  /** Says something that is no data. */
  say(line: string): void {
    if (this.#isInPlace) this.#process.stderr.write(CLEAR)
    this.#isInPlace = false
    this.#process.stderr.write(`${safeText(line)}\n`)
  }

  /** Says a line in place of the last one that was said so, on a terminal. Elsewhere it is a line as any other. */
  sayInPlace(line: string): void {
    this.say(line)
    if (this.saysInPlace) this.#process.stderr.write(UP)
    this.#isInPlace = this.saysInPlace
  }

  get saysInPlace(): boolean {
    return this.#process.stderr.isTTY
  }

  /** Writes a part of something that is no data, in a style if stderr shows styles. */
  mutter(style: Style, text: string): void {
    const { stderr } = this.#process
    stderr.write(styleText(style, safeText(text), { stream: stderr }))
  }

  /** A text in a style, if stdout shows styles: on a terminal, without NO_COLOR. */
  readonly styled = (style: Style, text: string): string =>
    styleText(style, text, { stream: this.#process.stdout })

  get isTerminal(): boolean {
    return this.#process.stdout.isTTY
  }

  /** Whether somebody is there who can be asked. */
  get canAsk(): boolean {
    return this.#process.stdin.isTTY && this.#process.stderr.isTTY
  }

  /** The width of the terminal. Undefined: stdout is none, and lines may be as long as they are. */
  get columns(): number | undefined {
    return this.#process.stdout.isTTY ? this.#process.stdout.columns : undefined
  }

  /**
   * Asks whether to go on, on a terminal. `--yes` (`isAgreed`) answers before.
   *
   * @throws UsageError when nobody is there to be asked
   */
  async confirms(
    question: string,
    { isAgreed, signal }: { isAgreed: boolean; signal: AbortSignal },
  ): Promise<boolean> {
    if (isAgreed) return true
    const { stdin, stderr } = this.#process
    if (!this.canAsk) throw new UsageError(`${question} Nobody can be asked here: add --yes`)
    // Not a terminal of its own, so that Ctrl-C is a signal as everywhere.
    const asker = createInterface({ input: stdin, output: stderr, terminal: false })
    try {
      const end = once(asker, 'close', { signal }).then(() => '')
      const answer = await Promise.race([asker.question(`${safeText(question)} [y/N] `, { signal }), end])
      return /^y(es)?$/i.test(answer.trim())
    } finally {
      asker.close()
    }
  }
}
