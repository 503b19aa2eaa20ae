import fs from 'node:fs'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { type Collaborators, createContext } from './context.ts'
import { gatewayConfig } from './testing/gateway-config.ts'
import { openForTest } from './testing/temp-store.ts'

const logger = pino({ level: 'silent' })

/** The open files of this process, where the system shows them. */
const DESCRIPTORS = '/proc/self/fd'

/** The file behind an open descriptor. The one that lists the descriptors is gone already. */
const linkOf = (descriptor: string): string[] => {
  try {
    return [fs.readlinkSync(`${DESCRIPTORS}/${descriptor}`)]
  } catch {
    return []
  }
}

/** A context, and another process's connection to its queue. */
const trial = async (collaborators: Partial<Collaborators> = {}) => {
  const config = gatewayConfig()
  const context = await createContext(config, { logger, ...collaborators })
  onTestFinished(() => context.store.close())
  return { context, other: await openForTest(config.dbPath) }
}

test('what is observed comes from the queue that others share', async () => {
  const { context, other } = await trial({ now: () => 1_000_000 })
  expect(await context.observe()).toMatchObject({
    worker: undefined,
    target: { state: 'unknown' },
    faults: [],
  })
  await other.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, 999_000)
  expect(await context.observe()).toMatchObject({ worker: { id: 'w', heartbeatAt: 999_000 }, now: 1_000_000 })
})

test('without a clock of its own, a context has the clock of its store', async () => {
  const { context } = await trial()
  const { store } = context
  Object.assign(store, { now: () => 5 })
  expect([context.now(), (await context.observe()).now]).toEqual([5, 5])
})

test.skipIf(!fs.existsSync(DESCRIPTORS))(
  'a queue for which the rest cannot be built is closed again',
  async () => {
    const config = gatewayConfig()
    const faulty = Object.defineProperty({ ...config }, 'callerStall', {
      get: () => {
        throw new Error('a fault')
      },
    })
    await expect(createContext(faulty, { logger })).rejects.toThrow('a fault')
    const open = fs.readdirSync(DESCRIPTORS).flatMap(linkOf)
    expect(open.filter(file => file.startsWith(config.dbPath))).toEqual([])
  },
)

test('a stop has two phases: requests are refused first, and waiting callers are cut off later', async () => {
  const { context } = await trial()
  expect([context.isStopping(), context.cutOff.aborted]).toEqual([false, false])
  context.beginStop()
  expect([context.isStopping(), context.cutOff.aborted]).toEqual([true, false])
  expect((await context.observe()).isStopping).toBe(true)
  context.cutOffCallers()
  expect(context.cutOff.aborted).toBe(true)
})
