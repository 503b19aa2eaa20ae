import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { tempStore } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'
import { WakeUps } from './wake-ups.ts'

test('others are served while one caller reads as fast as it is sent to', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const sendBusily = async (response: ServerResponse): Promise<void> => {
    const wakeUps = new WakeUps(1, response, {
      followers: new LogFollowers({ store: tempStore(), logger: pino({ enabled: false }) }),
      cutOff: new AbortController().signal,
    })
    for (let step = 0; step < 20;) {
      if (await wakeUps.untilWritable(30_000)) continue
      const end = performance.now() + 6
      while (performance.now() < end);
      response.write('x')
      step++
    }
    wakeUps.stop()
    response.end()
  }
  const url = await serve((_request, response) => void sendBusily(response))
  expect(await (await fetch(url)).text()).toHaveLength(20)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})

test('a caller for whom nothing was done for a while needs no rest', async () => {
  const rested = Promise.withResolvers<boolean>()
  const url = await serve((_request, response) => {
    const wakeUps = new WakeUps(1, response, {
      followers: new LogFollowers({ store: tempStore(), logger: pino({ enabled: false }) }),
      cutOff: new AbortController().signal,
    })
    const idle = async () => {
      await wakeUps.next(20)
      rested.resolve(await wakeUps.untilWritable(30_000))
      wakeUps.stop()
      response.end()
    }
    void idle()
  })
  await fetch(url)
  expect(await rested.promise).toBe(false)
})
