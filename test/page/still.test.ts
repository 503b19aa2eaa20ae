import { startSim } from '@foreman/ollama-sim'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { startForeman } from '../harness/foreman.ts'
import { until } from '../harness/until.ts'
import { closeBrowser, openPage } from './browser.ts'

afterAll(closeBrowser)

describe.skipIf(lackOfChromium !== undefined)('rows of the line', () => {
  const start = async () => {
    const sim = await startSim()
    onTestFinished(() => sim.close())
    const { url } = await startForeman({ target: sim.url })
    const post = (path: string, body: unknown) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    await post('/queue/pause', {})
    const submit = (model: string) => post('/jobs', { request: { model, prompt: 'hi' } })
    await submit('alpha')
    await submit('beta')
    // So low that the page is scrolled: at its very top it cannot scroll up by what is gone above.
    const { page } = await openPage(url, { viewport: { width: 1280, height: 500 } })
    const row = (model: string) => page.getByRole('row', { name: new RegExp(`^${model}:latest`) })
    const goOn = () => post('/queue/resume', {})
    await row('beta').waitFor()
    return { page, row, submit, goOn }
  }

  test('stay under the pointer when they are done, although what is above them changes, and go when it leaves', async () => {
    const { page, row, submit, goOn } = await start()
    await row('beta').hover()
    const place = async () => Math.round((await row('beta').boundingBox())!.y)
    const before = await place()
    await submit('gamma')
    await row('gamma').waitFor()
    await goOn()
    await page.getByText('0 queued').waitFor()
    expect(await place()).toBe(before)
    await page.mouse.move(0, 0)
    await until(async () => (await row('beta').count()) === 0)
  })

  test('are filtered while somebody writes, although the focus is beside them', async () => {
    const { page, row } = await start()
    await page.keyboard.press('/')
    await page.keyboard.type('alp')
    await until(async () => (await row('beta').count()) === 0)
    expect(await row('alpha').count()).toBe(1)
    expect(page.url()).toContain('model=alp')
  })
})
