import { endStates, priorities, webhookEvents } from '@foreman/jobs'
import fc from 'fast-check'

export const GROUPS = ['a', 'b'] as const
export const MAX_DELAY_MS = 60_000

const anyGroup = fc.constantFrom(...GROUPS)
/** Mostly the last one, sometimes one before it. */
const anyWhich = fc.constantFrom(0, 0, 0, 1, 2, 3)
const kindOf = <Do extends string, Rest extends object>(
  weight: number,
  kind: Do,
  rest: { [Key in keyof Rest]: fc.Arbitrary<Rest[Key]> },
) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<{ do: Do } & Rest>,
})

/** One act of a gateway, a worker or the clock. `which` picks one of the jobs or claims so far. */
export const anyStep = fc.oneof(
  kindOf(5, 'enqueue', {
    group: anyGroup,
    streaming: fc.boolean(),
    priority: fc.constantFrom(...priorities),
    key: fc.constantFrom(undefined, undefined, 'k1', 'k2'),
    hash: fc.constantFrom('one', 'one', 'other'),
    deadlineMs: fc.constantFrom(undefined, undefined, 500, 50_000),
    url: fc.constantFrom(undefined, 'http://a.example/', 'http://b.example/'),
    events: fc.subarray([...webhookEvents], { minLength: 1 }),
  }),
  kindOf(1, 'repeat', { which: anyWhich }),
  kindOf(2, 'failOverdue', {}),
  kindOf(1, 'progress', { which: anyWhich, tokens: fc.nat(9) }),
  kindOf(3, 'deliver', {
    which: fc.nat(9),
    result: fc.constantFrom('delivered', 'again', 'dead', 'gone', 'gone'),
  }),
  kindOf(1, 'redeliver', { which: fc.nat(9) }),
  kindOf(6, 'claim', {
    group: anyGroup,
    upTo: fc.constantFrom(1, 1, 2, 3),
    isIdle: fc.constantFrom(true, true, true, false),
  }),
  kindOf(3, 'append', { which: anyWhich, head: fc.boolean(), body: fc.boolean() }),
  kindOf(2, 'finish', {
    which: anyWhich,
    state: fc.constantFrom(...endStates),
    withOutput: fc.boolean(),
    statusCode: fc.constantFrom(undefined, 200, 404, 500, 429, 503),
  }),
  kindOf(4, 'release', {
    which: anyWhich,
    delayMs: fc.constantFrom(0, 0, 500, 2_000, MAX_DELAY_MS),
    spent: fc.boolean(),
    provisional: fc.boolean(),
  }),
  kindOf(1, 'cancel', { which: anyWhich }),
  kindOf(3, 'leave', { which: anyWhich }),
  kindOf(2, 'delivered', { which: anyWhich }),
  kindOf(3, 'requeueLost', {}),
  kindOf(3, 'promoteDue', {}),
  kindOf(3, 'upkeep', {}),
  kindOf(3, 'count', {}),
  kindOf(3, 'clock', { byMs: fc.constantFrom(1, 500, 2_000, 50_000, 3_600_000, -500, -3_600_000) }),
  // The worker dies several times in a row.
  kindOf(2, 'crashes', { group: anyGroup, times: fc.constantFrom(1, 2, 3) }),
  // The answer of the last call was lost, and it is called again.
  kindOf(3, 'again', {}),
)

export type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never
export type StepTo<Do extends Step['do']> = Extract<Step, { do: Do }>
