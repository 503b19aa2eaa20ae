import type { StoreFault } from '@foreman/store'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { StoreFaults } from './store-faults.ts'

const REPLACED: StoreFault = { name: 'queue_replaced', refusal: 'it was replaced' }
const LOCKS: StoreFault = { name: 'file_locks_do_not_work', refusal: 'locks do not work' }
const NOT_WRITABLE: StoreFault = { name: 'queue_not_writable' }

/** A store whose faults the test sets, and what is logged about them. */
const trial = () => {
  const state: { faults: readonly StoreFault[] } = { faults: [] }
  const lines: string[] = []
  const logger = pino({ base: null, timestamp: false }, { write: line => void lines.push(line) })
  return { state, lines, storeFaults: new StoreFaults({ state: () => state, logger }) }
}

test.each<[what: string, faults: StoreFault[]]>([
  ['nothing is wrong', []],
  ['jobs are tried all the same', [NOT_WRITABLE]],
])('a job is not refused while %s', (_what, faults) => {
  const { state, storeFaults, lines } = trial()
  state.faults = faults
  storeFaults.ensureNone()
  expect(lines).toEqual([])
})

test('a job is refused in the words of the first fault that is a reason for it', () => {
  const { state, storeFaults } = trial()
  state.faults = [NOT_WRITABLE, REPLACED, LOCKS]
  expect(() => storeFaults.ensureNone()).toThrow(
    expect.objectContaining({ status: 503, message: 'it was replaced', headers: { 'Retry-After': '30' } }),
  )
})

test('many refusals give one line in the log, and a fault that comes back another', () => {
  const { state, storeFaults, lines } = trial()
  state.faults = [LOCKS]
  for (let job = 0; job < 20; job++) expect(() => storeFaults.ensureNone()).toThrow('locks do not work')
  expect(lines.map(line => JSON.parse(line) as object)).toEqual([
    { level: 50, fault: LOCKS.name, msg: 'locks do not work; jobs are refused' },
  ])
  state.faults = []
  storeFaults.ensureNone()
  state.faults = [LOCKS]
  expect(() => storeFaults.ensureNone()).toThrow('locks do not work')
  expect(lines).toHaveLength(2)
})
