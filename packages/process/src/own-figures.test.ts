import { performance } from 'node:perf_hooks'
import { expect, test, vi } from 'vitest'
import { OwnFiguresReader } from './own-figures.ts'

const LAG_MS = 150

/** Keeps the event loop from going on. */
const block = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

const turn = () => new Promise(resolve => void setTimeout(resolve, 30))

test('a process tells how late its event loop was since it was asked last, and what it uses', async () => {
  const reader = new OwnFiguresReader()
  await turn()
  block(LAG_MS)
  await turn()
  const { residentBytes, cpuMs, loopLagMs } = reader.read()
  expect(loopLagMs).toBeGreaterThan(LAG_MS / 2)
  expect(residentBytes).toBeGreaterThan(10_000_000)
  await turn()
  const later = reader.read()
  expect(later.loopLagMs).toBeLessThan(LAG_MS / 2)
  expect(later.cpuMs).toBeGreaterThanOrEqual(cpuMs)
})

test('a process that is idle does not look how late it is, and looks again when it works', async () => {
  const utilization = vi.spyOn(performance, 'eventLoopUtilization')
  const work = (share: number) =>
    utilization.mockReturnValue({ idle: 1 - share, active: share, utilization: share })
  const lag = async () => {
    await turn()
    block(LAG_MS)
    await turn()
    return reader.read().loopLagMs
  }
  const reader = new OwnFiguresReader()
  work(0.001)
  reader.read()
  work(0.9)
  expect(await lag()).toBe(0)
  expect(await lag()).toBeGreaterThan(LAG_MS / 2)
})
