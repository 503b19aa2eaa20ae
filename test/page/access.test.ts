import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { lackOfChromium } from '../../scripts/chromium.ts'
import { endless, type JobsUnderTest, startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'
import { closeBrowser, openPage } from './browser.ts'

afterAll(closeBrowser)

const tokens = {
  FOREMAN_TOKENS: 'ann:token-of-ann,bob:token-of-bob',
  FOREMAN_VIEWER_TOKEN: 'token-of-a-viewer',
  FOREMAN_OPERATOR_TOKEN: 'token-of-an-operator',
}

const authorization = (token: string) => ({ authorization: `Bearer ${token}` })

/** A job of ann's runs, one of bob's waits. */
const startBusy = async (variables = {}): Promise<JobsUnderTest> => {
  const jobs = await startJobs({ variables: { ...tokens, ...variables } })
  const { id } = await jobs.submit(endless, authorization('token-of-ann'))
  await until(async () => {
    const { json } = await jobs.ask('GET', `/jobs/${id}`, undefined, authorization('token-of-ann'))
    return json['state'] === 'running'
  })
  await jobs.submit({ request: { model: 'beta', prompt: 'Wait!' } }, authorization('token-of-bob'))
  return jobs
}

/** What can be pressed on a screen, but for what is around every screen. */
const buttonsOf = async (page: Page): Promise<string[]> => {
  const names = await page.locator('main button').evaluateAll(buttons =>
    buttons.map(button => {
      const { ariaLabel, innerText } = button as unknown as { ariaLabel: string | null; innerText: string }
      return ariaLabel ?? innerText
    }),
  )
  return names.map(name => name.trim())
}

const goTo = async (page: Page, title: string): Promise<void> => {
  await page.getByRole('link', { name: title }).first().click()
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}

/** Whatever steps in. */
const STEPS_IN = /^(Pause|Resume|Hold|Release|Close|Open|Cancel|Retry|Unload|Let|End|Send|Change)/

describe.skipIf(lackOfChromium !== undefined)('who looks at the page', () => {
  test('is asked for a token, is told that it is wrong, and gets in with the right one, without a cookie', async () => {
    const { foreman } = await startBusy()
    const { page } = await openPage(foreman.url)
    await page.getByText('This foreman wants to know who you are.').waitFor()
    expect(await page.locator('main').innerText()).not.toContain('alpha')
    await page.getByRole('textbox', { name: 'Token' }).fill('a-wrong-one')
    await page.keyboard.press('Enter')
    await page.getByText('The server does not know this token.').waitFor()
    await page.getByRole('textbox', { name: 'Token' }).fill('token-of-an-operator')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'alpha:latest works' }).waitFor()
    expect(await page.context().cookies()).toEqual([])
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'alpha:latest works' }).waitFor()
  })

  test('as a caller sees its own part, and nothing of others', async () => {
    const { foreman } = await startBusy()
    const { page, complaints } = await openPage(foreman.url, { token: 'token-of-bob' })
    await page.getByRole('row').filter({ hasText: 'beta' }).waitFor()
    const shown = [await page.locator('main').innerText()]
    expect(await page.getByRole('heading', { name: 'Timeline' }).count()).toBe(0)
    await goTo(page, 'System')
    await page.getByText('Only viewers and operators see what foreman runs on.').waitFor()
    const buttons: string[] = []
    for (const title of ['Jobs', 'Models', 'Callers']) {
      await goTo(page, title)
      await page.getByRole('row').nth(1).waitFor()
      shown.push(await page.locator('main').innerText())
      buttons.push(...(await buttonsOf(page)).filter(name => STEPS_IN.test(name)))
    }
    // Its own jobs.
    expect(buttons).toEqual(['Cancel …', 'Change priority …'])
    for (const text of shown) expect(text).not.toMatch(/\bann\b/)
    expect(await complaints()).toEqual([])
  })

  test.each([
    ['as a viewer', 'token-of-a-viewer', {}],
    ['where the page is read-only', 'token-of-an-operator', { FOREMAN_DASHBOARD: 'read-only' }],
  ])('%s sees everything, and nothing that steps in', async (_who, token, variables) => {
    const { foreman } = await startBusy(variables)
    const { page, complaints } = await openPage(foreman.url, { token })
    await page.getByRole('heading', { name: 'Timeline' }).waitFor()
    await page.getByRole('row').filter({ hasText: 'bob' }).first().waitFor()
    await page.keyboard.press('p')
    for (const title of ['Models', 'Callers', 'System', 'Jobs']) {
      await goTo(page, title)
      await page.getByRole('row').nth(1).waitFor()
      expect((await buttonsOf(page)).filter(name => STEPS_IN.test(name))).toEqual([])
    }
    expect(await page.getByRole('dialog').count()).toBe(0)
    const refused = await page.evaluate(
      `fetch('../queue/pause', { method: 'POST', headers: { Authorization: 'Bearer ${token}' } }).then(({ status }) => status)`,
    )
    expect(refused).toBe(403)
    expect((await complaints()).filter(text => !text.includes('403'))).toEqual([])
  })
})
