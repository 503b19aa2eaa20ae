import { isEndState, type JobEvent, type JobProspect } from '@foreman/jobs'
import { AnswerLog } from '../../../answer/answer-log.ts'
import { follow, type StreamState } from '../../../api/follow.ts'
import { createStore } from '../../../store/store.ts'

/** What the events of a job have said. The lists in it grow, and it is another object each time. */
export interface Watched {
  readonly stream: StreamState
  /** Without output, estimates and progress. */
  readonly events: readonly JobEvent[]
  /** Of the present attempt, or the last one. */
  readonly answer: AnswerLog
  readonly tokens?: number
  /** What was foretold last. */
  readonly prospect?: JobProspect
  /** There will be no more. */
  readonly isOver: boolean
}

/** Follows the events of a job: what has happened, and what happens. */
export class JobWatch {
  readonly state = createStore<Watched>({
    stream: { kind: 'connecting' },
    events: [],
    answer: new AnswerLog(),
    isOver: false,
  })
  readonly #id: string
  readonly #leaving = new AbortController()
  #lastId: string | undefined
  #events: JobEvent[] = []
  #answer = new AnswerLog()
  #tokens: number | undefined
  #prospect: JobProspect | undefined
  #isOver = false
  #isDue = false

  constructor(id: string) {
    this.#id = id
  }

  begin(): void {
    void follow({
      path: () =>
        `/jobs/${encodeURIComponent(this.#id)}/events${this.#lastId === undefined ? '' : `?last_event_id=${this.#lastId}`}`,
      signal: this.#leaving.signal,
      onState: stream => this.state.set(last => ({ ...last, stream })),
      onEvent: (event, data, id) => this.#take({ event, data, id } as JobEvent),
    })
  }

  end(): void {
    this.#leaving.abort()
  }

  #take(news: JobEvent): void {
    this.#lastId = news.id
    switch (news.event) {
      case 'output':
        this.#answer.push(news.data)
        break
      case 'estimate':
        this.#prospect = news.data
        break
      case 'progress':
        this.#tokens = news.data.tokens
        break
      case 'reset':
        this.#answer = new AnswerLog()
        this.#tokens = undefined
        break
      case 'queued':
      case 'started':
      case 'head':
      case 'retrying':
      case 'lost':
      case 'cancel_requested':
      case 'succeeded':
      case 'failed':
      case 'cancelled':
        this.#prospect = undefined
        this.#events.push(news)
    }
    if (isEndState(news.event)) {
      this.#answer.end()
      this.#isOver = true
      this.#leaving.abort()
    }
    this.#show()
  }

  /** Many events come at once, and nobody sees more than a picture at a time. */
  #show(): void {
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      this.state.set(({ stream }) => ({
        stream,
        events: this.#events,
        answer: this.#answer,
        isOver: this.#isOver,
        ...(this.#tokens !== undefined && { tokens: this.#tokens }),
        ...(this.#prospect && { prospect: this.#prospect }),
      }))
    })
  }
}
