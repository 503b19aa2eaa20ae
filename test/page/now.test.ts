import { startSim } from '@foreman/ollama-sim'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { startForeman, type Variables } from '../harness/foreman.ts'
import { closeBrowser, openPage } from './browser.ts'

if (lackOfChromium !== undefined) console.warn(`the tests of the page are skipped: ${lackOfChromium}`)

afterAll(closeBrowser)

const start = async (variables: Variables = {}) => {
  const sim = await startSim({ tokensPerSecond: 20 })
  onTestFinished(() => sim.close())
  return startForeman({ target: sim.url, variables })
}

describe.skipIf(lackOfChromium !== undefined)('the screen Now', () => {
  test('shows the first request while it runs, and the browser has nothing to complain about', async () => {
    const { url } = await start()
    const { page, complaints } = await openPage(url)
    await page.getByText('Nothing runs.').waitFor()
    const body = JSON.stringify({ model: 'gamma', prompt: 'hi', options: { num_predict: 60 } })
    const answer = fetch(`${url}/api/generate`, { method: 'POST', body })
    await page.getByRole('heading', { level: 1, name: 'gamma:latest works.' }).waitFor()
    const row = page.getByRole('row').filter({ hasText: 'generates' })
    await row.waitFor()
    expect(await row.getByRole('link').getAttribute('href')).toMatch(/^#\/jobs\/job_\w+$/)
    await (await answer).text()
    await page.getByText('Nothing runs.').waitFor()
    expect(await complaints()).toEqual([])
  })
})
