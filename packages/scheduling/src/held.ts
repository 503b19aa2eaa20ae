import type { Line } from './decide.ts'
import { isOpen, nextChange, type WallTime, wallClock, type Window } from './windows.ts'

/** What an operator holds back, or lets through although no window is open for it. */
export interface Hold {
  readonly kind: 'pause' | 'close' | 'model' | 'priority' | 'caller' | 'open_model' | 'open_priority'
  /** The name of a model, priority or caller. Empty: the kind has none. */
  readonly subject: string
  /** Null: it does not end by itself. */
  readonly until: number | null
}

/** Why something does not start. */
export interface Held {
  readonly by: 'pause' | 'model' | 'priority' | 'caller'
  readonly subject: string
  /** When it is over by itself. Null: it is not. */
  readonly until: number | null
  /** Whether it waits for its window. Otherwise an operator holds it back. */
  readonly isWindow: boolean
}

/** All that is held back at one moment. Models, priorities and callers are there by their names. */
export interface HeldNow {
  /** Nothing starts. */
  readonly pause: Held | undefined
  readonly models: ReadonlyMap<string, Held>
  readonly priorities: ReadonlyMap<string, Held>
  readonly callers: ReadonlyMap<string, Held>
  /** When this changes by itself. Infinity: it does not. */
  readonly nextAt: number
}

interface Closed {
  readonly kind: Window['kind']
  readonly subject: string
  /** When its windows open. Null: never. */
  readonly opensAt: number | null
}

/** A class that has windows, as it is at one moment. */
export interface WindowedClass {
  readonly kind: Window['kind']
  readonly subject: string
  readonly isOpen: boolean
  /** When that changes. Undefined: never. */
  readonly changesAt: number | undefined
}

interface Look {
  readonly from: number
  readonly classes: readonly WindowedClass[]
  readonly nextAt: number
  readonly closed: readonly Closed[]
}

/** Knows which classes have no open window. Looks at the clock on the wall only when that changes. */
export class Openings {
  readonly #classes: readonly (readonly Window[])[]
  readonly #wallAt: (at: number) => WallTime
  #known: Look | undefined

  constructor(windows: readonly Window[], timeZone: string) {
    this.#classes = [...Map.groupBy(windows, ({ kind, subject }) => `${kind} ${subject}`).values()]
    this.#wallAt = wallClock(timeZone)
  }

  /** The classes that are closed, and when that changes. */
  at(now: number): Pick<Look, 'closed' | 'nextAt'> {
    return this.#at(now)
  }

  /** All classes that have windows. */
  classesAt(now: number): readonly WindowedClass[] {
    return this.#at(now).classes
  }

  /** What the clock on the wall shows. */
  wallAt(at: number): WallTime {
    return this.#wallAt(at)
  }

  #at(now: number): Look {
    if (!this.#known || now < this.#known.from || now >= this.#known.nextAt) this.#known = this.#look(now)
    return this.#known
  }

  #look(now: number): Look {
    const classes = this.#classes.map((windows): WindowedClass => {
      const { kind, subject } = windows[0]!
      return {
        kind,
        subject,
        isOpen: isOpen(windows, this.#wallAt(now)),
        changesAt: nextChange(windows, this.#wallAt, now),
      }
    })
    const closed = classes
      .filter(each => !each.isOpen)
      .map(({ kind, subject, changesAt }) => ({ kind, subject, opensAt: changesAt ?? null }))
    const nextAt = Math.min(...classes.map(({ changesAt }) => changesAt ?? Infinity))
    return { from: now, nextAt, classes, closed }
  }
}

/**
 * What is held back now. Outside of its windows a class is held; what an operator holds or lets through is stronger than a
 * window, until its time is over.
 */
export const heldNow = (holds: readonly Hold[], openings: Pick<Openings, 'at'>, now: number): HeldNow => {
  const present = holds.filter(({ until }) => until === null || until > now)
  const ofKind = (kind: Hold['kind']) => present.filter(hold => hold.kind === kind)
  const { closed, nextAt } = openings.at(now)
  const heldOf = (kind: 'model' | 'priority' | 'caller'): Map<string, Held> => {
    const held = new Map<string, Held>()
    for (const { kind: of, subject, opensAt } of closed)
      if (of === kind) held.set(subject, { by: of, subject, until: opensAt, isWindow: true })
    if (kind !== 'caller') for (const { subject } of ofKind(`open_${kind}`)) held.delete(subject)
    for (const { subject, until } of ofKind(kind))
      held.set(subject, { by: kind, subject, until, isWindow: false })
    return held
  }
  const [pause] = ofKind('pause')
  return {
    pause: pause && { by: 'pause', subject: '', until: pause.until, isWindow: false },
    models: heldOf('model'),
    priorities: heldOf('priority'),
    callers: heldOf('caller'),
    nextAt: Math.min(nextAt, ...present.map(({ until }) => until ?? Infinity)),
  }
}

/** Whether some jobs may start and others not. */
export const holdsSome = ({ models, priorities, callers }: HeldNow): boolean =>
  models.size + priorities.size + callers.size > 0

/** Which jobs of a line may start. */
export type Admission =
  | { readonly starts: 'all' }
  /** Those of callers that are not held: this is the oldest of them. */
  | { readonly starts: 'some'; readonly oldest: Pick<Line, 'oldestSeq' | 'oldestCreatedAt'> }
  /** `line`: it is held as a whole. `callers`: there are only jobs of callers that are held. */
  | { readonly starts: 'none'; readonly held: 'line' | 'callers' }

/** Since when a line waits, or what of it is held. */
type Known = number | 'line' | 'callers'

/**
 * Lets through what is not held back, and remembers since when that waits: while it is held, it does not wait. So nothing is
 * overdue, or has grown more urgent, the moment that it is let go.
 */
export class Gate {
  /** By line: since when it waits, or what of it was held. */
  readonly #known = new Map<string, Known>()

  /** Whether nothing was held back of what waits. */
  get isOpen(): boolean {
    return this.#known.size === 0
  }

  /** @returns the lines of which jobs may start */
  pass<L extends Line>(lines: readonly L[], admissionOf: (line: L) => Admission, now: number): L[] {
    const keys = new Set<string>()
    const passed = lines.flatMap(line => {
      const key = `${line.priority} ${line.groupKey}`
      keys.add(key)
      const admission = admissionOf(line)
      const known = this.#next(this.#known.get(key), admission, now)
      if (known !== undefined) this.#known.set(key, known)
      if (admission.starts === 'none') return []
      const since = typeof known === 'number' ? { waitsSince: known } : {}
      return [
        admission.starts === 'some' ? { ...line, ...admission.oldest, ...since } : { ...line, ...since },
      ]
    })
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key)
    return passed
  }

  #next(before: Known | undefined, admission: Admission, now: number): Known | undefined {
    switch (admission.starts) {
      case 'none':
        return admission.held
      case 'all':
        return typeof before === 'string' ? now : before
      case 'some': {
        // Where only callers were held, the others were not.
        const released = before === 'line' ? now : typeof before === 'number' ? before : 0
        return Math.max(admission.oldest.oldestCreatedAt, released)
      }
    }
  }
}
