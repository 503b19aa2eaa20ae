import type { Facts } from './facts.ts'

/** What a check has found. */
export interface Looked {
  readonly verdict: 'ok' | 'warn' | 'fail' | 'skipped'
  readonly text: string
  /** What to do about it. Only where something is wrong. */
  readonly remedy?: string
}

export interface Finding extends Looked {
  readonly check: string
}

/** A look at one thing that can be wrong. It is pure: all that it knows are the facts. */
export interface Check {
  readonly name: string
  readonly look: (facts: Facts) => Looked
}

export const ok = (text: string): Looked => ({ verdict: 'ok', text })
export const warn = (text: string, remedy: string): Looked => ({ verdict: 'warn', text, remedy })
export const fail = (text: string, remedy: string): Looked => ({ verdict: 'fail', text, remedy })
export const skipped = (text: string): Looked => ({ verdict: 'skipped', text })
