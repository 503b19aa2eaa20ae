import { type Hold, priorities, type Priority, type SubjectKind } from '@foreman/jobs'
import { UsageError } from '../failures/usage-error.ts'

/** What an operator means: a model, a priority or a caller. */
export type Subject =
  | { readonly kind: 'model' | 'caller'; readonly subject: string }
  | { readonly kind: 'priority'; readonly subject: Priority }

type Opening =
  | { readonly kind: 'open_model'; readonly subject: string }
  | { readonly kind: 'open_priority'; readonly subject: Priority }

/**
 * What a word means: a priority if it is one, `caller:NAME`, and else a model. `model:NAME` is a model in any case.
 *
 * @throws UsageError for an empty name
 */
export const subjectOf = (word: string): Subject => {
  const priority = priorities.find(each => each === word)
  if (priority) return { kind: 'priority', subject: priority }
  const [, kind = 'model', subject = ''] = /^(?:(model|caller):)?(.*)$/s.exec(word) ?? []
  if (subject === '') throw new UsageError('say what: a model, a priority, or caller:NAME')
  return { kind: kind === 'caller' ? kind : 'model', subject }
}

/**
 * The same, to let it through although no window is open for it.
 *
 * @throws UsageError for a caller, for whom there are no windows
 */
export const openingOf = (meant: Subject): Opening => {
  if (meant.kind === 'priority') return { kind: 'open_priority', subject: meant.subject }
  if (meant.kind === 'model') return { kind: 'open_model', subject: meant.subject }
  throw new UsageError('there are windows for models and priorities only, and none for callers')
}

/** The holds of one of these kinds that are about what is meant. */
export const holdsOf = (holds: readonly Hold[], kinds: readonly SubjectKind[], subject: string): Hold[] =>
  holds.filter(hold => kinds.some(kind => kind === hold.kind) && isSame(hold.subject, subject))

/** Whether it is the same name: `llama3.2` is `llama3.2:latest`. */
const isSame = (one: string | undefined, other: string): boolean => {
  const whole = (name = '') => name.toLowerCase().replace(/:latest$/, '')
  return whole(one) === whole(other)
}
