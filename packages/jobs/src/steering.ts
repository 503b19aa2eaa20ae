import type { Priority } from './priority.ts'
import type { Operation } from './wire.ts'

/** What an operator can hold back, or let through although no window is open for it. */
export const subjectKinds = ['model', 'priority', 'caller', 'open_model', 'open_priority'] as const

export type SubjectKind = (typeof subjectKinds)[number]

/** The operation that asks the worker to end the present turn. */
export const END_TURN = 'end_turn'

/** The operation that was a backup of the queue. Its subject is the name of the file. */
export const BACKUP = 'backup'

/** Something that an operator holds back or lets through. A field without a value is missing. Times are RFC 3339. */
export interface Hold {
  id: string
  kind: 'pause' | 'close' | SubjectKind
  /** The model, priority or caller. */
  subject?: string
  since: string
  /** When it is over by itself. */
  until?: string
  reason?: string
  /** Who did it. Callers do not see that, nor the reason. */
  by?: string
  /** The pause puts back what runs. */
  release?: true
  /** The pause has the models leave the target's memory. */
  unload?: true
}

/** What the queue does, as far as operators have said. */
export interface QueueState {
  /** `paused`: nothing starts. `closed`: nothing is accepted, and what is queued runs. */
  state: 'running' | 'paused' | 'closed'
  /** Whether new jobs are accepted. */
  accepting: boolean
  holds: Hold[]
  /** How many queued jobs miss their deadlines during a pause that was just begun. */
  deadlines_passing?: number
}

export interface OperationPage {
  operations: Operation[]
  /** The `before` of the next page. Null: this is the last one. */
  next_before: number | null
}

/** What an operator may say when it steps in. `until`: a time of RFC 3339, or a duration such as `2h`. */
export interface Stepping {
  reason?: string | undefined
}

export interface Closing extends Stepping {
  until?: string | undefined
}

export interface Pausing extends Closing {
  release?: boolean | undefined
  unload?: boolean | undefined
}

export type Holding = Closing &
  (
    | { kind: 'model' | 'caller' | 'open_model'; subject: string }
    | { kind: 'priority' | 'open_priority'; subject: Priority }
  )
