import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { KeptChild } from './child-process.ts'

const backOff = { firstMs: 10, longestMs: 20, resetAfterMs: 10_000 }

/** Writes a line when it starts and for each SIGTERM, and ends some time after the first. */
const standIn = `
  import { appendFileSync } from 'node:fs'
  const note = what => appendFileSync(process.argv[2], what + '\\n')
  process.on('SIGTERM', () => { note('SIGTERM'); setTimeout(() => process.exit(), process.argv[3]) })
  setInterval(() => {}, 1000)
  note('started')`

const keep = ({ stopMs = 200 } = {}) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'foreman-child-'))
  const file = path.join(directory, 'events')
  const source = path.join(directory, 'stand-in.mjs')
  writeFileSync(file, '')
  writeFileSync(source, standIn)
  const child = new KeptChild(
    { name: 'child', args: [source, file, String(stopMs)], env: process.env },
    { backOff, log: () => undefined, givesUp: () => false },
  )
  const events = () => readFileSync(file, 'utf8').split('\n').slice(0, -1)
  onTestFinished(async () => {
    child.kill()
    await child.stop()
    rmSync(directory, { recursive: true })
  })
  const isUp = () => expect.poll(events, { timeout: 10_000, interval: 10 }).toContain('started')
  return { child, events, isUp }
}

describe('a kept child keeps the contract of a service', () => {
  test('a second start does nothing', async () => {
    const { child, events, isUp } = keep()
    child.start()
    child.start()
    await isUp()
    await child.stop()
    expect(events()).toEqual(['started', 'SIGTERM'])
  })

  test('a second stop resolves with the first and sends no second signal', async () => {
    const { child, events, isUp } = keep()
    child.start()
    await isUp()
    const order: string[] = []
    const first = child.stop().then(() => order.push('first'))
    const second = child.stop().then(() => order.push('second'))
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
    expect(events()).toEqual(['started', 'SIGTERM'])
    await child.stop()
  })

  test('a stop before the start resolves, and a start after it does nothing', async () => {
    const { child, events } = keep()
    await child.stop()
    child.start()
    await child.stop()
    expect(events()).toEqual([])
  })

  test('a stopped child is not started again', async () => {
    const { child, events, isUp } = keep()
    child.start()
    await isUp()
    await child.stop()
    child.start()
    await child.stop()
    expect(events()).toEqual(['started', 'SIGTERM'])
  })

  test('a kill ends a child that is slow to stop', async () => {
    const { child, events, isUp } = keep({ stopMs: 600_000 })
    child.start()
    await isUp()
    const stopped = child.stop()
    child.kill()
    await stopped
    expect(events()[0]).toBe('started')
  })
})
