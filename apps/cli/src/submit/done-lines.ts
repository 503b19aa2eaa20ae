import type { LineOfInput } from './input-lines.ts'

/** The lines of the input whose results are there. It takes four bytes for a line. */
export class DoneLines {
  /** The hash of each line that is done, by its number; 0 for the others. */
  #hashes = new Uint32Array(1_024)
  #count = 0

  get count(): number {
    return this.#count
  }

  add({ number, hash }: LineOfInput): void {
    if (number >= this.#hashes.length) {
      const larger = new Uint32Array(Math.max(this.#hashes.length * 2, number + 1))
      larger.set(this.#hashes)
      this.#hashes = larger
    }
    if (this.#hashes[number] === 0) this.#count++
    this.#hashes[number] = hash
  }

  /** `other`: there is a result, but of another line than this one. */
  of({ number, hash }: LineOfInput): 'done' | 'open' | 'other' {
    const known = this.#hashes[number] || undefined
    if (known === undefined) return 'open'
    return known === hash ? 'done' : 'other'
  }
}
