import { openStore } from '@foreman/store'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { createContext } from './context.ts'
import { gatewayConfig } from './testing/gateway-config.ts'

/** A context whose clock the test sets, and another process's connection to its queue. */
const trial = () => {
  const clock = { now: 1_000_000 }
  const config = gatewayConfig()
  const context = createContext(config, { logger: pino({ level: 'silent' }), now: () => clock.now })
  const other = openStore(config.dbPath, { busyTimeoutMs: 5 })
  onTestFinished(() => {
    other.close()
    context.store.close()
  })
  return { clock, context, other }
}

test('whether the queue can be written to is tested once a second', () => {
  const { clock, context, other } = trial()
  expect(context.observe().isWritable).toBe(true)
  // Within the transaction of another process, no write of ours goes through.
  other.atOnce('normal', () => {
    clock.now += 999
    expect(context.observe().isWritable).toBe(true)
    clock.now += 1
    expect(context.observe().isWritable).toBe(false)
  })
  expect(context.observe().isWritable).toBe(false)
  clock.now += 1_000
  expect(context.observe().isWritable).toBe(true)
})

test('a stop has two phases: requests are refused first, and waiting callers are cut off later', () => {
  const { context } = trial()
  expect([context.isStopping(), context.cutOff.aborted]).toEqual([false, false])
  context.beginStop()
  expect([context.isStopping(), context.cutOff.aborted]).toEqual([true, false])
  expect(context.observe().isStopping).toBe(true)
  context.cutOffCallers()
  expect(context.cutOff.aborted).toBe(true)
})
