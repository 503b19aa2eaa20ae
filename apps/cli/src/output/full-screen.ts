const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const CLEAR_LINE = '\u001b[K'

/** The whole terminal, until it is left. It is left in any case: also at the end of a process that crashes. */
export class FullScreen {
  readonly #process: NodeJS.Process
  #shown = ''
  #isEntered = false
  readonly #leave = () => this.leave()

  /** @param process the global `process` */
  constructor(process: NodeJS.Process) {
    this.#process = process
  }

  enter(): void {
    this.#isEntered = true
    this.#process.once('exit', this.#leave)
    this.#process.stdin.setRawMode(true)
    this.#process.stdout.write(ENTER)
  }

  leave(): void {
    if (!this.#isEntered) return
    this.#isEntered = false
    this.#process.off('exit', this.#leave)
    this.#process.stdin.setRawMode(false)
    this.#process.stdin.pause()
    this.#process.stdout.write(LEAVE)
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#process.stdout
    return { columns, rows }
  }

  /** Shows lines, none of them wider than the terminal. */
  show(lines: readonly string[]): void {
    // What was there is cleared first: behind the last column, that would take a character away.
    const frame = HOME + lines.map(line => CLEAR_LINE + line).join('\r\n')
    if (frame === this.#shown) return
    this.#shown = frame
    this.#process.stdout.write(frame)
  }

  /** Calls back when the terminal has another size, or the process goes on after a stop. */
  onResize(redraw: () => void): void {
    const redrawAll = (): void => {
      this.#shown = ''
      redraw()
    }
    this.#process.stdout.on('resize', redrawAll)
    this.#process.on('SIGCONT', redrawAll)
  }

  /** Calls back with what is typed. */
  onInput(typed: (text: string) => void): void {
    this.#process.stdin.setEncoding('utf8').on('data', typed)
  }
}
