import type { Operation } from '@foreman/jobs'
import { count } from '../../format/number.ts'
import { exactTime } from '../../format/time.ts'

/** What somebody did, and to what: a job has a screen of its own. */
export interface OperationWords {
  readonly what: string
  readonly job?: string
}

/** What was done, as a sentence without its subject: `held devstral:24b`. */
export const operationInWords = (operation: Operation): OperationWords => {
  const { action, subject = '', detail = {} } = operation
  if (subject.startsWith('job_'))
    return { what: `${JOB_WORDS[action] ?? action}${changesIn(detail)}`, job: subject }
  const text = (MANY_WORDS[action] && operation.matched !== undefined ? manyOf : ONE_WORDS[action]) ?? named
  return { what: text(operation) + untilOf(detail) }
}

type Words = (operation: Operation) => string

const JOB_WORDS: Readonly<Record<string, string>> = {
  cancel: 'cancelled',
  retry: 'retried',
  redeliver: 'sent a webhook again of',
  look: 'looked at the content of',
  change: 'changed',
}

/** The verb, and to what it was done. */
const MANY_WORDS: Readonly<Record<string, readonly [string, string]>> = {
  cancel: ['cancelled', 'jobs'],
  retry: ['retried', 'jobs'],
  priority: ['changed the priority of', 'jobs'],
  redeliver: ['sent again', 'webhooks'],
}

const manyOf: Words = ({ action, state, matched = 0, done = 0 }) => {
  const [verb, things] = MANY_WORDS[action]!
  const how = { running: ', still at it', done: '', stopped: ', then stopped', failed: ', then broke off' }[
    state
  ]
  return `${verb} ${count(done)} of ${count(matched)} ${things}${how}`
}

const isOpening = ({ detail }: Operation): boolean => String(detail?.['kind']).startsWith('open_')

const ONE_WORDS: Readonly<Record<string, Words>> = {
  pause: () => 'paused the queue',
  resume: ({ detail }) => (detail?.['over'] ? 'ended the pause, whose time was over' : 'resumed the queue'),
  close: () => 'closed the queue',
  open: ({ detail }) =>
    detail?.['over'] ? 'opened the queue, as the time for it had come' : 'opened the queue',
  end_turn: () => 'ended the turn',
  backup: ({ subject }) => `backed the queue up to ${subject}`,
  hold: operation =>
    isOpening(operation) ? `let ${operation.subject} run outside of its window` : `held ${operation.subject}`,
  release: operation => {
    const what = isOpening(operation)
      ? `ended the exception of ${operation.subject}`
      : `released ${operation.subject}`
    return operation.detail?.['over'] ? `${what}, as its time was over` : what
  },
}

const named: Words = ({ action, subject }) =>
  [action.replaceAll('_', ' '), ...(subject === undefined ? [] : [subject])].join(' ')

const untilOf = ({ until }: Readonly<Record<string, unknown>>): string =>
  typeof until === 'string' ? ` until ${exactTime(Date.parse(until))}` : ''

const changesIn = ({ priority, deadline }: Readonly<Record<string, unknown>>): string => {
  const changes = [
    ...(typeof priority === 'string' ? [`priority ${priority}`] : []),
    ...(typeof deadline === 'string' ? [`deadline ${deadline}`] : []),
    ...(deadline === null ? ['no deadline'] : []),
  ]
  return changes.length === 0 ? '' : ` (${changes.join(', ')})`
}
