import { type Lock, openStore, type OpenOptions, type Store } from '@foreman/store'
import { unavailableError } from '@foreman/store/testing'

export type Role = OpenOptions['role']

/** One call of a verb that fails because the store is not available: `before` or `after` it took effect. */
export interface StoreFault {
  readonly role: Role
  /** For example `runs.finish`. */
  readonly verb: string
  /** 1 is the first call after the fault was armed. */
  readonly call: number
  readonly when: 'before' | 'after'
}

/** What is no verb that may fail: a clock, a state that is read without waiting, a subscription, the end. */
const NO_VERBS = new Set(['now', 'state', 'close', 'changes.listen'])
const IN_STEPS = new Set(['records.list', 'deliveries.ofJob'])

type Verb = (...args: unknown[]) => unknown

/** Opens stores whose verbs fail on demand, and counts the calls. */
export class StoreFaults {
  /** How often each verb was called since the last `arm` or `disarm`, by role and verb. */
  readonly calls = new Map<string, { readonly role: Role; readonly verb: string; count: number }>()
  #armed: StoreFault | undefined
  #hasStruck = false

  readonly open: typeof openStore = async (location, options) =>
    this.#wrap(await openStore(location, options), options.role, '') as Store

  /** Whether the armed fault has come about. */
  get hasStruck(): boolean {
    return this.#hasStruck
  }

  arm(fault: StoreFault): void {
    this.disarm()
    this.#armed = fault
  }

  disarm(): void {
    this.#armed = undefined
    this.#hasStruck = false
    this.calls.clear()
  }

  #wrap(part: object, role: Role, path: string): object {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        const verb = path === '' ? String(name) : `${path}.${String(name)}`
        if (typeof value === 'object' && value !== null) return this.#wrap(value, role, verb)
        if (typeof value !== 'function' || NO_VERBS.has(verb)) return value
        const real = value as Verb
        return IN_STEPS.has(verb) ? this.#inSteps(real, role, verb) : this.#once(real, role, verb)
      },
    })
  }

  #once(real: Verb, role: Role, verb: string): Verb {
    return async (...args) => {
      const when = this.#strike(role, verb)
      if (when === 'before') throw unavailableError()
      const result = await real(...args)
      if (when !== 'after') return result
      // A process that does not hear that it has the lock does not have it.
      if (verb === 'locks.take') (result as Lock | undefined)?.release()
      throw unavailableError()
    }
  }

  #inSteps(real: Verb, role: Role, verb: string): Verb {
    const strike = () => this.#strike(role, verb)
    return async function* (...args) {
      const when = strike()
      if (when === 'before') throw unavailableError()
      yield* real(...args) as AsyncIterable<unknown>
      if (when === 'after') throw unavailableError()
    }
  }

  /** Counts a call. @returns when it fails; undefined: it does not */
  #strike(role: Role, verb: string): StoreFault['when'] | undefined {
    const key = `${role} ${verb}`
    const called = this.calls.get(key) ?? { role, verb, count: 0 }
    called.count += 1
    this.calls.set(key, called)
    const fault = this.#armed
    if (fault?.role !== role || fault.verb !== verb || fault.call !== called.count) return undefined
    this.#hasStruck = true
    return fault.when
  }
}
