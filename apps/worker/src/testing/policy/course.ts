import type { Priority } from '@foreman/jobs'
import { weightsOf } from '@foreman/ollama-client'
import type { Bounds, Sender } from '@foreman/scheduling'
import fc from 'fast-check'
import type { SlotLimits } from '../../free-slots.ts'

/** A request, and those with which its caller comes back. */
export interface Visit extends Sender {
  readonly atMs: number
  readonly groupKey: string
  readonly priority: Priority
  /** How long the target works on each of them, without a load. */
  readonly workMs: number
  /** How long after each answer the next one comes. */
  readonly againAfterMs: readonly number[]
}

/** What an operator holds for a while. */
export interface PlayedHold {
  readonly kind: 'pause' | 'model' | 'priority' | 'caller'
  /** The name of a group, priority or account. */
  readonly subject: string
  readonly fromMs: number
  readonly untilMs: number
}

/** What comes to the target, what the target is like, and what the worker is set to. */
export interface Course extends Bounds, SlotLimits {
  readonly visits: readonly Visit[]
  /** How long each model takes to load. The worker knows it from the size. */
  readonly loadMs: Readonly<Record<string, number>>
  /** How many models are in the target's memory at a time. */
  readonly room: number
  /** Whether the target serves all groups of a model with what it has loaded for any of them. */
  readonly fits: boolean
  readonly expects: boolean
  readonly halfLifeMs: number
  readonly holds?: readonly PlayedHold[]
}

/** From what the courses of a property are made. */
const PLAIN = {
  groups: ['a', 'b', 'c'] as readonly string[],
  priorities: ['normal'] as readonly Priority[],
  loadMs: [0, 300, 1_000, 2_000],
  maxWaitMs: [1_000, 3_000, 6_000],
  maxWaitLowMs: [2_000, 8_000],
  halfLifeMs: [0, 2_000, 60_000],
  expects: [true, false],
  room: [1],
  fits: [false],
  concurrency: [1],
  models: [1],
  /** Mostly the steps of a program, which come sooner than a load takes. */
  againAfterMs: [0, 40, 90, 300, 2_000],
  /** How often a caller comes back at the most. */
  returns: 3,
}

/** Round times: several things happen in one moment, and counterexamples are easy to read. */
const tenths = (min: number, max: number) => fc.integer({ min, max }).map(tenth => tenth * 100)

/** Arrivals alone and in bursts, of which some fill the target for longer than jobs may wait. */
export const anyCourse = (differing: Partial<typeof PLAIN> = {}): fc.Arbitrary<Course> => {
  const { groups, priorities, loadMs, againAfterMs, returns, ...settings } = { ...PLAIN, ...differing }
  const oneOf = <Name extends keyof typeof settings>(name: Name) =>
    fc.constantFrom<(typeof settings)[Name][number]>(...settings[name])
  const burst = fc.record({
    count: fc.integer({ min: 1, max: 4 }),
    atMs: tenths(0, 60),
    groupKey: fc.constantFrom(...groups),
    priority: fc.constantFrom(...priorities),
    account: fc.constantFrom('x', 'y', 'z'),
    sender: fc.constantFrom('p', 'q'),
    workMs: tenths(1, 20),
    againAfterMs: fc.array(fc.constantFrom(...againAfterMs), { maxLength: returns, size: 'max' }),
  })
  return fc.record({
    visits: fc
      .array(burst, { minLength: 1, maxLength: 6, size: 'max' })
      .map(bursts => bursts.flatMap(({ count, ...visit }) => Array.from({ length: count }, () => visit))),
    loadMs: fc.record(
      Object.fromEntries(groups.map(group => [weightsOf(group), fc.constantFrom(...loadMs)])),
    ),
    maxWaitMs: oneOf('maxWaitMs'),
    maxWaitLowMs: oneOf('maxWaitLowMs'),
    halfLifeMs: oneOf('halfLifeMs'),
    expects: oneOf('expects'),
    room: oneOf('room'),
    fits: oneOf('fits'),
    concurrency: oneOf('concurrency'),
    models: oneOf('models'),
  })
}
