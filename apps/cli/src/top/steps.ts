import type { ForemanClient } from '@foreman/foreman-client'
import { inWords } from '@foreman/jobs'
import type { Key } from './keys.ts'
import { moved } from './state.ts'
import type { Watching } from './watching.ts'

interface Step {
  readonly question: string
  readonly run: () => Promise<unknown>
  readonly done: string
}

/** What the keys do. What changes something asks first. */
export class Steps {
  readonly #client: ForemanClient
  readonly #watching: Watching
  readonly #signal: AbortSignal
  #asked: Step | undefined

  constructor(client: ForemanClient, watching: Watching, signal: AbortSignal) {
    this.#client = client
    this.#watching = watching
    this.#signal = signal
  }

  get isAsking(): boolean {
    return this.#asked !== undefined
  }

  press(key: Key): void {
    const asked = this.#asked
    this.#asked = undefined
    this.#watching.set({ question: undefined, message: undefined })
    if (asked) {
      if (key === 'y') void this.#run(asked.run(), asked.done)
    } else if (key === 'up' || key === 'down') {
      if (!this.#job) this.#watching.set({ selected: moved(this.#watching.state, key === 'up' ? -1 : 1) })
    } else if (key === 'enter') void this.#run(this.#look())
    else if (key === 'escape') this.#watching.set({ job: undefined })
    else this.#ask(key)
  }

  get #job(): string | undefined {
    return this.#watching.state.job?.id
  }

  #ask(key: Key): void {
    const step = this.#stepOf(key)
    if (!step) return
    this.#asked = step
    this.#watching.set({ question: `${step.question} y: yes, any other key: no` })
  }

  #stepOf(key: Key): Step | undefined {
    const { queue } = this.#client
    const { state, targets = [] } = this.#watching.state.snapshot ?? {}
    const options = { signal: this.#signal }
    if (key === 'p')
      return state === 'paused'
        ? { question: 'Go on?', run: () => queue.resume({}, options), done: 'goes on' }
        : { question: 'Pause: let nothing start?', run: () => queue.pause({}, options), done: 'paused' }
    if (key === 'e') {
      const turn = targets.find(target => target.turn)?.turn
      if (!turn) return undefined
      const cost = turn.load_ms ? `; its next load takes about ${inWords(turn.load_ms)}` : ''
      const question = `End the turn of ${turn.models.join(', ')}${cost}?`
      return { question, run: () => queue.endTurn({}, options), done: 'the turn ends' }
    }
    const id = this.#job ?? this.#watching.state.selected
    if (key !== 'c' || id === undefined) return undefined
    return {
      question: `Cancel ${id}?`,
      run: () => this.#client.cancel(id, options),
      done: `${id} is cancelled`,
    }
  }

  async #look(): Promise<void> {
    const { selected } = this.#watching.state
    if (selected === undefined || this.#job !== undefined) return this.#watching.set({ job: undefined })
    this.#watching.set({ job: await this.#client.job(selected, { signal: this.#signal }) })
  }

  async #run(step: Promise<unknown>, done?: string): Promise<void> {
    try {
      await step
      if (done !== undefined) this.#watching.set({ message: done })
    } catch (error) {
      if (!this.#signal.aborted) this.#watching.set({ message: (error as Error).message })
    }
  }
}
