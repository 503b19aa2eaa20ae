import { setTimeout as delay } from 'node:timers/promises'
import type { Installation, Memory } from './installation.ts'

type Measured = Pick<Installation, 'memory' | 'collectGarbage'>

/** A process needs some time to collect its garbage and to give the memory back to the system. */
const SAMPLE_MS = 300
const SAMPLES_BEFORE = 5

const least = (one: Memory, other: Memory): Memory => ({
  gatewayMb: Math.min(one.gatewayMb, other.gatewayMb),
  workerMb: Math.min(one.workerMb, other.workerMb),
})

const sampled = async ({ memory, collectGarbage }: Measured): Promise<Memory> => {
  collectGarbage()
  await delay(SAMPLE_MS)
  return memory()
}

/** What both processes need when they have done their work. */
export const neededMemory = async (processes: Measured): Promise<Memory> => {
  let needed = await sampled(processes)
  for (let sample = 1; sample < SAMPLES_BEFORE; sample++) needed = least(needed, await sampled(processes))
  return needed
}

/**
 * Waits until both processes have given their memory back, but for `allowedMb`.
 *
 * @returns the least memory of each that was seen
 */
export const memoryBack = async (
  processes: Measured,
  { before, allowedMb, timeoutMs }: { before: Memory; allowedMb: number; timeoutMs: number },
): Promise<Memory> => {
  const deadline = performance.now() + timeoutMs
  let now = await sampled(processes)
  while (!isBack(before, now, allowedMb) && performance.now() < deadline)
    now = least(now, await sampled(processes))
  return now
}

export const isBack = (before: Memory, now: Memory, allowedMb: number): boolean =>
  now.gatewayMb - before.gatewayMb <= allowedMb && now.workerMb - before.workerMb <= allowedMb

export const shownMemory = ({ gatewayMb, workerMb }: Memory): string =>
  `gateway ${gatewayMb.toFixed(0)} MB, worker ${workerMb.toFixed(0)} MB`
