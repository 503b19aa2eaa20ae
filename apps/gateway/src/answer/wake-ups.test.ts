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
