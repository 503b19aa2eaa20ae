import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { endless, startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'
import { closeBrowser, openPage } from './browser.ts'

afterAll(closeBrowser)

const MOST_STEPS = 80

/** What has the focus, as it is read out. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`(({ ariaLabel, title, innerText, labels }) =>
    (ariaLabel || innerText || labels?.[0]?.innerText || title || '').trim())(document.activeElement)`)

/** Walks with Tab to what is called so. */
const tabTo = async (page: Page, name: string | RegExp): Promise<void> => {
  const walked: string[] = []
  for (let step = 0; step < MOST_STEPS; step += 1) {
    await page.keyboard.press('Tab')
    const at = await focused(page)
    if (typeof name === 'string' ? at === name : name.test(at)) return
    walked.push(at)
  }
  throw new Error(`Tab does not lead to ${String(name)}, but to ${walked.join(', ')}`)
}

const pressAll = async (page: Page, ...keys: string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key)
}

describe.skipIf(lackOfChromium !== undefined)('without a mouse', () => {
  test('somebody finds the keys, pauses with a reason, and resumes', async () => {
    const { foreman, ask } = await startJobs()
    const { page } = await openPage(foreman.url)
    await page.getByText('Nothing runs.').waitFor()
    await pressAll(page, '?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Pause or resume').waitFor()
    await pressAll(page, 'Escape', 'p')
    await page.getByRole('dialog', { name: 'Pause' }).waitFor()
    await tabTo(page, 'Reason')
    await page.keyboard.type('a game')
    await pressAll(page, 'Enter')
    await page.getByRole('heading', { level: 1, name: 'Paused.' }).waitFor()
    expect((await ask('GET', '/queue/holds')).json['holds']).toMatchObject([{ reason: 'a game' }])
    await pressAll(page, 'p')
    await page.getByRole('dialog', { name: 'Resume' }).waitFor()
    await tabTo(page, 'Resume')
    await pressAll(page, 'Enter')
    await until(async () => (await ask('GET', '/queue/holds')).json['state'] === 'running')
    await page.getByText('Nothing runs.').waitFor()
  })

  test('somebody goes to the jobs, filters them, opens one, and cancels it', async () => {
    const { foreman, submit, ended } = await startJobs()
    const running = await submit(endless)
    await submit({ request: { model: 'beta', prompt: 'Wait!' } })
    const { page } = await openPage(foreman.url)
    await page.getByRole('heading', { level: 1, name: 'alpha:latest works' }).waitFor()
    await pressAll(page, 'g', 'j')
    await page.getByRole('row').filter({ hasText: 'beta' }).waitFor()
    await pressAll(page, '/')
    await page.keyboard.type('alpha')
    await page.getByRole('row').filter({ hasText: 'beta' }).waitFor({ state: 'detached' })
    await tabTo(page, /^…/)
    await pressAll(page, 'Enter')
    await page.getByRole('heading', { name: 'alpha running' }).waitFor()
    await tabTo(page, 'Cancel')
    await pressAll(page, 'Enter')
    await page.getByRole('dialog', { name: 'Cancel the job' }).waitFor()
    await tabTo(page, 'Cancel it')
    await pressAll(page, 'Enter')
    expect(await ended(running.id)).toMatchObject({ state: 'cancelled' })
    await page.getByRole('heading', { name: 'alpha cancelled' }).waitFor()
  })

  test('somebody walks through the hours of the callers, and holds a model', async () => {
    const { foreman, submit, ended } = await startJobs()
    await ended((await submit({ request: { model: 'plain', prompt: 'Hello!' } })).id)
    // The page asks for the hours once a minute.
    await until(async () => !(await foreman.store.history.isDue()))
    const { page } = await openPage(foreman.url)
    await page.getByText('Nothing runs.').waitFor()
    await pressAll(page, 'g', 'c')
    await page.getByRole('listbox', { name: /by hour/ }).waitFor()
    await tabTo(page, /by hour/)
    await pressAll(page, 'ArrowLeft', 'End')
    await page
      .getByText(/\d\d:00: .* \(.*\)/)
      .first()
      .waitFor()
    await pressAll(page, 'g', 'm')
    await page.getByRole('row').filter({ hasText: 'plain:latest' }).waitFor()
    await tabTo(page, 'Hold plain:latest')
    await pressAll(page, 'Enter')
    await page.getByRole('dialog', { name: 'Hold plain:latest' }).waitFor()
    await tabTo(page, 'Hold')
    await pressAll(page, 'Enter')
    await page.getByRole('button', { name: 'Release plain:latest' }).waitFor()
  })
})
